package dev.damselfly.peer.download;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.legacy.LegacyParents;
import dev.damselfly.peer.legacy.LegacyParentsConfig;
import dev.damselfly.peer.origin.Egress;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.origin.OriginsConfig;
import dev.damselfly.peer.origin.ScriptedOrigin;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.Alone;
import dev.damselfly.peer.time.SystemTimer;
import dev.damselfly.peer.time.Timer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;

/// A peer with a real store, an origin on loopback and hosts without an identity that the test scripts.
@NullMarked
final class LegacyLab implements AutoCloseable {
  static final long MOST = 64 << 20;

  final MemoryAudit audit = new MemoryAudit();
  final PieceStore store;
  final HandTimer hand = new HandTimer();
  final List<Boolean> questions = new CopyOnWriteArrayList<>(); // one for each: has the peer an origin
  final Downloads downloads;
  final ScriptedOrigin origin;
  private final SystemTimer timer = new SystemTimer("legacy-lab");
  private final Origins origins;

  /// @param port of the holders
  /// @param holders that the scheduler would name
  LegacyLab(Path directory, ScriptedOrigin origin, int port, List<String> holders) throws IOException {
    this.origin = origin;
    store = PieceStore.open(directory, new StoreConfig(1L << 30, 90, 80, Duration.ofDays(1)), InstantSource.system());
    origins = new Origins(OriginsConfig.standard("test"), LegacyLab::egress);
    var blocks = new LegacyParentsConfig(List.of(Cidr.parse("127.0.0.0/29")), port);
    var bounds =
        new LegacyParents.Bounds(Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofMinutes(30), MOST, 4);
    LegacyParents.Finder finder =
        (task, digest, hasOrigin) -> {
          questions.add(hasOrigin);
          return holders.stream().map(LegacyLab::address).toList();
        };
    var parents = new LegacyParents(blocks, finder, store, hand, audit, bounds);
    var colleagues = Alone.with(store, origins, timer, InstantSource.system(), audit);
    var config =
        new DownloadConfig(2, 8, 8, Duration.ZERO, Duration.ofMillis(1), Duration.ofSeconds(5), Duration.ofMinutes(1));
    downloads = new Downloads(colleagues, config, Optional.of(parents));
  }

  static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Egress.Way egress(dev.damselfly.peer.origin.Place place) {
    return new Egress.Way(new InetSocketAddress(InetAddress.getLoopbackAddress(), place.port()), Optional.empty());
  }

  Download.Builder asked() {
    return Download.newBuilder().setUrl(origin.url("/f"));
  }

  Heard get(Download.Builder download) {
    var heard = new Heard();
    heard.handle = Optional.of(downloads.get(new GetSpec(download.build(), Duration.ZERO, ""), LocalCaller.ofUser("u"), heard));
    return heard;
  }

  /// What is held under the URL, for everybody.
  long heldByUrl() {
    return store
        .find(TaskTuple.of(asked().build()).id(), false)
        .map(task -> task.records().stream().mapToLong(piece -> piece.range().length()).sum())
        .orElse(0L);
  }

  /// Bytes held in any task.
  long held() {
    return store.tasks().stream().flatMap(task -> task.records().stream()).mapToLong(piece -> piece.range().length()).sum();
  }

  @Override
  public void close() throws IOException {
    downloads.close();
    origins.close();
    store.close();
    timer.close();
    origin.close();
  }

  /// Alarms that ring when the test moves the time.
  static final class HandTimer implements Timer {
    private record Bell(Duration delay, long due, Runnable task) {}

    private final List<Bell> bells = new ArrayList<>();
    private long now;

    @Override
    public synchronized Alarm after(Duration delay, Runnable task) {
      var bell = new Bell(delay, now + delay.toNanos(), task);
      bells.add(bell);
      notifyAll();
      return () -> {
        synchronized (this) {
          bells.remove(bell);
        }
      };
    }

    @Override
    public synchronized long nanos() {
      return now;
    }

    /// Waits until an alarm is set that was to ring after this time.
    synchronized void awaitAlarm(Duration delay) throws InterruptedException {
      while (bells.stream().noneMatch(bell -> bell.delay().equals(delay))) {
        wait();
      }
    }

    void advance(Duration by) {
      List<Bell> due;
      synchronized (this) {
        now += by.toNanos();
        due = bells.stream().filter(bell -> bell.due() - now <= 0).toList();
        bells.removeAll(due);
      }
      due.forEach(bell -> bell.task().run());
    }
  }

  /// What a caller heard.
  static final class Heard implements DownloadListener {
    private final CountDownLatch over = new CountDownLatch(1);
    private final TreeSet<PieceNumber> held = new TreeSet<>();
    private Optional<StoredTask> task = Optional.empty();
    private Optional<StoredTask.Pin> pin = Optional.empty();
    private Optional<Finished> finished = Optional.empty();
    private Optional<RequestFailure> failure = Optional.empty();
    Optional<Downloads.Handle> handle = Optional.empty();

    @Override
    public void started(StoredTask stored, OptionalLong contentLength, Optional<ByteRange> range) {
      task = Optional.of(stored);
      pin = Optional.of(stored.pin());
    }

    @Override
    public void length(long contentLength) {}

    @Override
    public void held(PieceNumber number) {
      held.add(number);
    }

    @Override
    public void progress(Sources sources, int parents) {}

    @Override
    public void finished(Finished done) {
      finished = Optional.of(done);
      over.countDown();
    }

    @Override
    public void failed(RequestFailure why, Hop hop) {
      failure = Optional.of(why);
      over.countDown();
    }

    boolean isOver() {
      return over.getCount() == 0;
    }

    private void await() throws InterruptedException {
      if (!over.await(30, TimeUnit.SECONDS)) {
        throw new AssertionError("the download does not end");
      }
    }

    Finished done() throws InterruptedException {
      await();
      return finished.orElseThrow(() -> new AssertionError(failure.orElseThrow()));
    }

    Reason refused() throws InterruptedException {
      await();
      return failure.orElseThrow().reason();
    }

    StoredTask task() {
      return task.orElseThrow();
    }

    /// The bytes of the pieces that were told.
    byte[] content() throws Exception {
      done();
      var out = new ByteArrayOutputStream();
      for (PieceNumber number : held) {
        try (var piece = task().read(number)) {
          var bytes = ByteBuffer.allocate((int) piece.record().range().length());
          piece.readFully(bytes, piece.record().range().start());
          out.writeBytes(bytes.array());
        }
      }
      pin.orElseThrow().close();
      return out.toByteArray();
    }
  }
}
