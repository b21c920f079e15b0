package dev.damselfly.bench.fetch;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.local.v1.GetFinished;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.peer.control.client.LocalClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;

/// `SOCKET URL ROUNDS`: gets the URL, `{n}` in it replaced by the number of the round, and drops the bytes. Prints one
/// line of JSON per round: seconds to the first and to the last verified byte, and where the bytes came from.
public final class Fetch {
  private Fetch() {}

  public static void main(String[] args) throws IOException, LocalClient.Refused {
    for (int round = 0; round < Integer.parseInt(args[2]); round++) {
      fetch(Path.of(args[0]), args[1].replace("{n}", Integer.toString(round)));
    }
  }

  private static void fetch(Path socket, String url) throws IOException, LocalClient.Refused {
    var request =
        GetRequest.newBuilder()
            .setDownload(Download.newBuilder().setUrl(url).setPriority(Priority.LEVEL6).setNeedPieceContent(true))
            .setTimeoutSeconds(3600)
            .build();
    var sink = new Count();
    long start = System.nanoTime();
    try (var client = LocalClient.connect(socket)) {
      GetFinished finished = client.get(request, sink);
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "{\"seconds\": %.6f, \"first\": %.6f, \"bytes\": %d, \"origin\": %d, \"peers\": %d}%n",
          seconds,
          (sink.first - start) / 1e9,
          sink.bytes,
          finished.getFromOrigin(),
          finished.getFromPeers());
    }
  }

  private static final class Count implements LocalClient.Receiver {
    private long bytes;
    private long first;

    @Override
    public void content(long offset, ByteBuffer content) {
      if (bytes == 0) {
        first = System.nanoTime();
      }
      bytes += content.remaining();
    }
  }
}
