package dev.damselfly.dist.lazy;

import dev.damselfly.api.error.InvalidValue;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One kept connection to the mirror. Used by one thread at a time.
final class MirrorConnection implements AutoCloseable {
  /// A piece may come over a slow link before its first byte goes on.
  private static final int SILENCE_MILLIS = 120_000;
  private static final int CONNECT_MILLIS = 5_000;
  private static final int FIRST_ROOM = 4 << 20;

  private final SocketChannel channel;
  private final InputStream in;
  private final byte[] buffer = new byte[AnswerHead.MAX_BYTES];
  private int from;
  private int to;

  private MirrorConnection(SocketChannel channel, InputStream in) {
    this.channel = channel;
    this.in = in;
  }

  static MirrorConnection open(InetSocketAddress address) throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.setOption(java.net.StandardSocketOptions.TCP_NODELAY, true);
      channel.socket().connect(address, CONNECT_MILLIS);
      channel.socket().setSoTimeout(SILENCE_MILLIS);
      return new MirrorConnection(channel, channel.socket().getInputStream());
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /// @throws InvalidValue for an answer that is none
  AnswerHead ask(String request) throws IOException {
    var out = ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1));
    while (out.hasRemaining()) {
      channel.write(out);
    }
    from = 0;
    to = 0;
    int end = -1;
    while (end < 0) {
      if (to == buffer.length) {
        throw new InvalidValue("a head has at most " + AnswerHead.MAX_BYTES + " bytes");
      }
      int got = in.read(buffer, to, buffer.length - to);
      if (got < 0) {
        throw new EOFException("no answer");
      }
      int look = Math.max(0, to - 3);
      to += got;
      end = endOfHead(look);
    }
    from = end;
    return AnswerHead.parse(Arrays.copyOf(buffer, end));
  }

  private int endOfHead(int look) {
    for (int i = look; i + 3 < to; i++) {
      if (buffer[i] == '\r' && buffer[i + 1] == '\n' && buffer[i + 2] == '\r' && buffer[i + 3] == '\n') {
        return i + 4;
      }
    }
    return -1;
  }

  /// Exactly so many bytes more of the body. Memory grows as they arrive.
  byte[] body(int length) throws IOException {
    int known = Math.min(length, to - from);
    byte[] body = new byte[Math.min(length, Math.max(known, FIRST_ROOM))];
    System.arraycopy(buffer, from, body, 0, known);
    int at = known;
    from += known;
    while (at < length) {
      if (at == body.length) {
        body = Arrays.copyOf(body, (int) Math.min(length, 2L * body.length));
      }
      int got = in.read(body, at, body.length - at);
      if (got < 0) {
        throw new EOFException("the answer was cut");
      }
      at += got;
    }
    return body;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // nothing depends on it
    }
  }
}
