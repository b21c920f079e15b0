package dev.damselfly.dist.cli;

import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/// One request to the daemon over its Unix socket, and its replies. Not thread-safe.
///
/// Frames: u32 big-endian length, then the message; a Content reply is followed by its raw bytes.
final class DaemonConnection implements AutoCloseable {
  private static final int MAX_FRAME = 8 << 20;

  private final SocketChannel channel;
  private final ByteBuffer header = ByteBuffer.allocate(4);
  private final ByteBuffer copy = ByteBuffer.allocateDirect(1 << 20);

  private DaemonConnection(SocketChannel channel) {
    this.channel = channel;
  }

  /// @throws IOException when no daemon listens there
  static DaemonConnection open(Path socket) throws IOException {
    var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return new DaemonConnection(channel);
    } catch (IOException | IllegalArgumentException e) {
      channel.close();
      throw new IOException("no daemon at the socket", e);
    }
  }

  void send(LocalRequest request) throws IOException {
    byte[] message = request.toByteArray();
    var frame = ByteBuffer.allocate(4 + message.length).putInt(message.length).put(message).flip();
    while (frame.hasRemaining()) {
      channel.write(frame);
    }
  }

  LocalReply receive() throws IOException {
    header.clear();
    fill(header);
    int length = header.flip().getInt();
    if (length < 0 || length > MAX_FRAME) {
      throw new IOException("the daemon sent a frame beyond the limit");
    }
    var message = ByteBuffer.allocate(length);
    fill(message);
    return LocalReply.parseFrom(message.flip());
  }

  /// Copies the raw bytes that follow a Content reply to their place in the file.
  void copyContent(FileChannel file, long offset, int length) throws IOException, CommandFailed {
    long at = offset;
    int left = length;
    while (left > 0) {
      copy.clear().limit(Math.min(left, copy.capacity()));
      if (channel.read(copy) < 0) {
        throw new EOFException("the daemon ended in the middle of content");
      }
      copy.flip();
      left -= copy.remaining();
      at += write(file, at);
    }
  }

  private int write(FileChannel file, long at) throws CommandFailed {
    int written = 0;
    try {
      while (copy.hasRemaining()) {
        written += file.write(copy, at + written);
      }
      return written;
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the output could not be written: is its disk full?");
    }
  }

  private void fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the daemon closed the connection");
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // one-shot connection: nothing is left to lose
    }
  }
}
