package dev.damselfly.peer.download;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.origin.OriginBody;
import dev.damselfly.peer.origin.OriginFacts;
import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class OriginFetcherTest {
  private static final String URL = "http://origin.test/f";
  private static final ContentFacts FACTS = new ContentFacts(OptionalLong.of(100), 4 << 20, "", "", true);

  /// An origin whose reading ends by a bug of ours.
  private static final class Broken implements OriginReader {
    @Override
    public OriginFacts stat(OriginRequest request) {
      throw new StackOverflowError("a bug");
    }

    @Override
    public OriginBody get(OriginRequest request, Optional<ByteRange> range, ContentFacts pin) {
      throw new StackOverflowError("a bug");
    }
  }

  @Test
  void readThatEndsByABug_isToldLikeEveryEnd_soThatTheDownloadFailsAndDoesNotWait(@TempDir Path directory)
      throws IOException, InterruptedException {
    var told = new LinkedBlockingQueue<SessionEvent>();
    var run = new OriginRun(0, 0, 0, false);
    try (var store = PieceStore.open(directory, new StoreConfig(1L << 30, 90, 80, Duration.ofDays(1)), InstantSource.system())) {
      var task = store.open(TaskTuple.of(Download.newBuilder().setUrl(URL).build()), false);

      new OriginFetcher(new Broken(), task, told::add, "origin").start(run, new OriginRequest(URL, Map.of()), FACTS);
      @Nullable SessionEvent end = told.poll(30, TimeUnit.SECONDS);

      assertThat(end).isInstanceOfSatisfying(
          SessionEvent.RunFailed.class, failed -> assertThat(failed.failure().reason()).isEqualTo(Reason.INTERNAL));
    }
  }
}
