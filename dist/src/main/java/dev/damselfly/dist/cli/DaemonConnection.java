package dev.damselfly.dist.cli;

import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.LocalProtocol.Decoded;
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
/// A Content reply is followed by its raw bytes, which [#copyContent] takes.
final class DaemonConnection implements AutoCloseable {
  private final SocketChannel channel;
  private final ByteBuffer in = ByteBuffer.allocateDirect(1 << 20).flip();

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

  /// Sends the request; whether it arrived shows in [#receive]. A daemon that refuses the user does so before it reads
  /// anything, and its reply waits on a connection that takes no request any more.
  void send(LocalRequest.Builder request) {
    ByteBuffer frame = LocalProtocol.encode(request.setVersion(LocalProtocol.VERSION).build());
    try {
      while (frame.hasRemaining()) {
        channel.write(frame);
      }
    } catch (IOException e) {
      // either the refusal waits to be read, or reading fails, too
    }
  }

  LocalReply receive() throws IOException {
    while (true) {
      switch (LocalProtocol.reply(in)) {
        case Decoded.Message<LocalReply> message -> {
          in.position(in.position() + message.consumed());
          return message.value();
        }
        case Decoded.NeedMore<LocalReply> _ -> fill("the daemon closed the connection");
        case Decoded.Bad<LocalReply> bad -> throw new IOException("the daemon does not speak this protocol: " + bad.rule());
      }
    }
  }

  /// Copies the raw bytes that follow a Content reply to their place in the file.
  void copyContent(FileChannel file, long offset, int length) throws IOException, CommandFailed {
    long at = offset;
    int left = length;
    while (left > 0) {
      if (!in.hasRemaining()) {
        fill("the daemon ended in the middle of content");
      }
      int part = Math.min(left, in.remaining());
      write(file, in.slice(in.position(), part), at);
      in.position(in.position() + part);
      left -= part;
      at += part;
    }
  }

  private static void write(FileChannel file, ByteBuffer bytes, long offset) throws CommandFailed {
    long at = offset;
    try {
      while (bytes.hasRemaining()) {
        at += file.write(bytes, at);
      }
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the output could not be written: is its disk full?");
    }
  }

  private void fill(String whenEnded) throws IOException {
    in.compact();
    int read = channel.read(in);
    in.flip();
    if (read < 0) {
      throw new EOFException(whenEnded);
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
