package dev.damselfly.bench.fetch;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.LocalProtocol.Decoded;
import dev.damselfly.api.wire.local.v1.GetFinished;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Locale;

/// `SOCKET URL ROUNDS`: gets the URL, `{n}` in it replaced by the number of the round, and drops the bytes. Prints one
/// line of JSON per round: seconds to the first and to the last verified byte, and where the bytes came from.
public final class Fetch {
  private final SocketChannel channel;
  private final ByteBuffer in = ByteBuffer.allocateDirect(1 << 20).flip();
  private long bytes;
  private long first;

  private Fetch(SocketChannel channel) {
    this.channel = channel;
  }

  public static void main(String[] args) throws IOException {
    for (int round = 0; round < Integer.parseInt(args[2]); round++) {
      fetch(Path.of(args[0]), args[1].replace("{n}", Integer.toString(round)));
    }
  }

  private static void fetch(Path socket, String url) throws IOException {
    var request =
        GetRequest.newBuilder()
            .setDownload(Download.newBuilder().setUrl(url).setPriority(Priority.LEVEL6).setNeedPieceContent(true))
            .setTimeoutSeconds(3600)
            .build();
    long start = System.nanoTime();
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      var fetch = new Fetch(channel);
      GetFinished finished = fetch.run(request);
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "{\"seconds\": %.6f, \"first\": %.6f, \"bytes\": %d, \"origin\": %d, \"peers\": %d}%n",
          seconds,
          (fetch.first - start) / 1e9,
          fetch.bytes,
          finished.getFromOrigin(),
          finished.getFromPeers());
    }
  }

  private GetFinished run(GetRequest request) throws IOException {
    ByteBuffer frame =
        LocalProtocol.encode(LocalRequest.newBuilder().setVersion(LocalProtocol.VERSION).setGet(request).build());
    while (frame.hasRemaining()) {
      channel.write(frame);
    }
    while (true) {
      LocalReply reply = next();
      switch (reply.getReplyCase()) {
        case STARTED, PROGRESS -> {}
        case CONTENT -> drop(reply.getContent().getLength());
        case FINISHED -> {
          return reply.getFinished();
        }
        case FAILURE -> throw new IOException(reply.getFailure().getMessage());
        default -> throw new IOException("the daemon sent something else than was asked for");
      }
    }
  }

  private LocalReply next() throws IOException {
    while (true) {
      switch (LocalProtocol.reply(in)) {
        case Decoded.Message<LocalReply> message -> {
          in.position(in.position() + message.consumed());
          return message.value();
        }
        case Decoded.NeedMore<LocalReply> _ -> fill();
        case Decoded.Bad<LocalReply> bad -> throw new IOException("not the local protocol: " + bad.rule());
      }
    }
  }

  private void drop(int length) throws IOException {
    int left = length;
    while (left > 0) {
      if (!in.hasRemaining()) {
        fill();
      }
      if (bytes == 0) {
        first = System.nanoTime();
      }
      int part = Math.min(left, in.remaining());
      in.position(in.position() + part);
      left -= part;
      bytes += part;
    }
  }

  private void fill() throws IOException {
    in.compact();
    int read = channel.read(in);
    in.flip();
    if (read < 0) {
      throw new EOFException("the daemon ended the connection");
    }
  }
}
