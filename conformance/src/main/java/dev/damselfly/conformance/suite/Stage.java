package dev.damselfly.conformance.suite;

import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.link.Transcript;
import dev.damselfly.conformance.link.Wire;
import dev.damselfly.conformance.target.Role;
import dev.damselfly.conformance.target.Running;
import dev.damselfly.conformance.target.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Everything one running case has: the program under test, connections, a recorder, and the checks. Confined to the
/// thread of the case.
public final class Stage implements AutoCloseable {
  private static final Duration ASK_AGAIN = Duration.ofMillis(100);

  private final Target target;
  private final Duration patience;
  private final SplittableRandom random;
  private final Path work;
  private final Transcript transcript = new Transcript();
  private final Wire wire = new Wire(transcript);
  private final Deque<Running> running = new ArrayDeque<>();
  private boolean controlled;

  /// @param patience how long the case waits for anything
  /// @param work an empty directory of the case
  public Stage(Target target, Duration patience, long seed, Path work) {
    this.target = target;
    this.patience = patience;
    this.random = new SplittableRandom(seed);
    this.work = work;
  }

  public Target target() {
    return target;
  }

  public Wire wire() {
    return wire;
  }

  public Transcript transcript() {
    return transcript;
  }

  public Duration patience() {
    return patience;
  }

  public Path work() {
    return work;
  }

  /// Starts the program under test; it ends with the case.
  public Running start(Role role, Endpoint manager) throws IOException, InterruptedException {
    Running started = target.start(new Target.Start(role, manager, work.resolve(role.text())));
    running.push(started);
    return started;
  }

  // ---- checks

  /// The same fixtures do work: comes before every check of the case.
  public void control(String what, boolean holds, Object seen) {
    if (!holds) {
      throw new Mismatch("positive control: " + what, "that it works", String.valueOf(seen));
    }
    controlled = true;
  }

  public void expect(String rule, @Nullable Object expected, @Nullable Object seen) {
    check(rule, Objects.equals(expected, seen), expected, seen);
  }

  public void expectTrue(String rule, boolean holds, Object seen) {
    check(rule, holds, "that this holds", seen);
  }

  private void check(String rule, boolean holds, @Nullable Object expected, @Nullable Object seen) {
    if (!controlled) {
      throw new IllegalStateException("the case has checked nothing positive yet: " + rule);
    }
    if (!holds) {
      throw new Mismatch(rule, String.valueOf(expected), String.valueOf(seen));
    }
  }

  /// The next element, or the end of the case: nothing came in time.
  public <T> T await(String what, BlockingQueue<T> queue) throws InterruptedException {
    T next = queue.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    if (next == null) {
      throw new Mismatch(what, "an event", "nothing within " + patience.toSeconds() + " s");
    }
    return next;
  }

  /// Asks again until it holds. For facts that the protocol pushes to nobody.
  public boolean eventually(BooleanSupplier holds) throws InterruptedException {
    var never = new SynchronousQueue<Object>();
    long deadline = System.nanoTime() + patience.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      never.poll(ASK_AGAIN.toNanos(), TimeUnit.NANOSECONDS); // the pace of a client that asks
    }
    return true;
  }

  // ---- values of this case; the same seed gives the same values

  public int number(int bound) {
    return random.nextInt(bound);
  }

  /// 64 lower-case hexadecimal digits.
  public String taskId() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /// A UUID of version 4.
  public String uuid() {
    String hex = taskId();
    return hex.substring(0, 8)
        + "-" + hex.substring(8, 12)
        + "-4" + hex.substring(13, 16)
        + "-a" + hex.substring(17, 20)
        + "-" + hex.substring(20, 32);
  }

  /// Ends everything the case began.
  @Override
  public void close() {
    while (!running.isEmpty()) {
      running.pop().close();
    }
    wire.close();
  }

  /// Removes what the case left on disk.
  void clean() throws IOException {
    if (Files.exists(work)) {
      try (var paths = Files.walk(work)) {
        for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      }
    }
  }
}
