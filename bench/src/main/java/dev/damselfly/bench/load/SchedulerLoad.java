package dev.damselfly.bench.load;

import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.authz.identity.workload.WorkloadApiUnavailable;
import io.grpc.stub.StreamObserver;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/// `SOCKETS HOSTS PORT closed IN-FLIGHT COUNT`, `... open PER-SECOND COUNT`, `... live 0 COUNT` or `... crowd PIECES COUNT`:
/// registers peers and prints one line of JSON. `live` keeps its streams open until the process is ended.
public final class SchedulerLoad {
  private static final long PATIENCE_SECONDS = 600;

  private final Peers peers;
  private final int count;
  private final AtomicLongArray nanos;
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private final CountDownLatch done;
  private volatile String failure = "";

  private SchedulerLoad(Peers peers, int count) {
    this.peers = peers;
    this.count = count;
    this.nanos = new AtomicLongArray(count);
    this.done = new CountDownLatch(count);
  }

  public static void main(String[] args) throws WorkloadApiUnavailable, InterruptedException {
    var peers = new Peers(args[0], Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    int figure = Integer.parseInt(args[4]);
    int count = Integer.parseInt(args[5]);
    switch (args[3]) {
      case "closed" -> {
        new SchedulerLoad(peers, Math.max(figure, count / 4)).closed(figure, true); // warms both ends
        new SchedulerLoad(peers, count).closed(figure, true);
      }
      case "open" -> {
        new SchedulerLoad(peers, count / 2).closed(50, true);
        new SchedulerLoad(peers, count).open(figure);
      }
      case "crowd" -> {
        new Crowd(peers, figure, 500).run(); // warms both ends
        new Crowd(peers, figure, count).run();
      }
      default -> {
        new SchedulerLoad(peers, count).closed(50, false);
        new CountDownLatch(1).await(); // whoever started us has measured, and ends us
      }
    }
    System.exit(0);
  }

  /// Always the same number of registrations on their way.
  private void closed(int inFlight, boolean leave) throws InterruptedException {
    var slots = new Semaphore(inFlight);
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      slots.acquire();
      register(i, System.nanoTime(), leave, slots::release);
    }
    finish(start);
  }

  /// As many per second, whatever the answers do; the latency counts from when the registration was due.
  private void open(int perSecond) throws InterruptedException {
    long start = System.nanoTime();
    var sent = new AtomicInteger();
    try (var clock = Executors.newSingleThreadScheduledExecutor()) {
      Runnable tick =
          () -> {
            long due = (System.nanoTime() - start) * perSecond / 1_000_000_000L;
            while (sent.get() < Math.min(due, count)) {
              int i = sent.getAndIncrement();
              register(i, start + i * 1_000_000_000L / perSecond, true, () -> {});
            }
          };
      var ticks = clock.scheduleAtFixedRate(tick, 0, 1, TimeUnit.MILLISECONDS);
      finish(start);
      ticks.cancel(false);
    }
  }

  private void register(int i, long due, boolean leave, Runnable then) {
    peers.join(
        new Peers.Outcome() {
          @Override
          public void registered(StreamObserver<JoinRequest> stream) {
            nanos.set(i, System.nanoTime() - due);
            answered.incrementAndGet();
            if (leave) {
              stream.onCompleted();
            }
            end();
          }

          @Override
          public void failed(Throwable cause) {
            nanos.set(i, System.nanoTime() - due);
            failures.incrementAndGet();
            failure = String.valueOf(cause.getMessage());
            end();
          }

          private void end() {
            then.run();
            done.countDown();
          }
        });
  }

  private void finish(long start) throws InterruptedException {
    boolean complete = done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    double seconds = (System.nanoTime() - start) / 1e9;
    long[] sorted = new long[count];
    Arrays.setAll(sorted, nanos::get);
    Arrays.sort(sorted);
    System.out.printf(
        Locale.ROOT,
        "{\"registered\": %d, \"failed\": %d, \"complete\": %b, \"per_second\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f,"
            + " \"failure\": \"%s\"}%n",
        answered.get(),
        failures.get(),
        complete,
        answered.get() / seconds,
        sorted[count / 2] / 1e6,
        sorted[(int) (count * 0.99)] / 1e6,
        failure.replace('"', '\''));
  }
}
