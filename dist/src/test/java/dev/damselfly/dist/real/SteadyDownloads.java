package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Peers that download one resource after the other, all the same one at a time, until they are told to stop. Every
/// download counts, and every failure is kept.
final class SteadyDownloads implements AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger(); // no resource twice: a cached one proves nothing

  private final Cluster cluster;
  private final Nginx origin;
  private final String path;
  private final Path outputs;
  private final String sha256;
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicLong fromPeers = new AtomicLong();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final Phaser rounds;
  private final List<Thread> threads = new ArrayList<>();
  private volatile int number = NUMBER.getAndIncrement();
  private volatile boolean stopping;

  private SteadyDownloads(Cluster cluster, Nginx origin, String path, Path outputs, String sha256, int peers) {
    this.cluster = cluster;
    this.origin = origin;
    this.path = path;
    this.outputs = outputs;
    this.sha256 = sha256;
    this.rounds =
        new Phaser(peers) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean onAdvance(int phase, int parties) {
            number = NUMBER.getAndIncrement();
            return stopping;
          }
        };
  }

  /// @param path of a file that the origin has, by name below its files
  static SteadyDownloads start(Cluster cluster, List<String> peers, Nginx origin, String path) throws Exception {
    Path outputs = Files.createTempDirectory("df-out");
    String sha256 = SwarmProcessesTest.sha256(origin.file(path.substring(1)));
    var downloads = new SteadyDownloads(cluster, origin, path, outputs, sha256, peers.size());
    for (String peer : peers) {
      downloads.threads.add(Thread.ofPlatform().name("downloads-" + peer).start(() -> downloads.loop(peer)));
    }
    return downloads;
  }

  private void loop(String peer) {
    while (!rounds.isTerminated()) {
      try {
        one(peer, outputs.resolve(peer));
      } catch (Exception | AssertionError e) {
        failures.add(peer + ": " + e);
      }
      rounds.arriveAndAwaitAdvance();
    }
  }

  private void one(String peer, Path output) throws Exception {
    Command.Result result = Command.await(cluster.get(peer, origin.url(path + "?" + number), output));
    if (result.code() != 0) {
      failures.add(peer + ": " + result.all());
    } else if (!SwarmProcessesTest.sha256(output).equals(sha256)) {
      failures.add(peer + ": other content");
    } else {
      fromPeers.addAndGet(SwarmProcessesTest.number(result.out(), "from_peers"));
      done.incrementAndGet();
    }
    Files.deleteIfExists(output);
  }

  int done() {
    return done.get();
  }

  long fromPeers() {
    return fromPeers.get();
  }

  List<String> failures() {
    return List.copyOf(failures);
  }

  /// Waits until so many more are done; failures end the wait, too.
  void awaitMore(int more) throws InterruptedException, TimeoutException {
    int wanted = done() + more;
    int phase = rounds.getPhase();
    while (done() < wanted && failures.isEmpty()) {
      phase = rounds.awaitAdvanceInterruptibly(phase, 60, TimeUnit.SECONDS);
    }
  }

  /// Waits for what runs.
  @Override
  public void close() throws IOException {
    stopping = true;
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(outputs);
  }
}
