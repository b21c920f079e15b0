package dev.damselfly.conformance.suite;

import dev.damselfly.conformance.target.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Runs cases, each with a fresh program under test. Thread-safe.
///
/// @param options bounds of each case
/// @param heard called as each case ends, from its thread, one at a time
public record Runner(Target target, ExpectedFailures expected, Options options, Consumer<Result> heard) {
  /// @param patience how long a case waits for one event
  /// @param caseLimit how long a case may take at all
  /// @param jobs cases at once
  /// @param seed of every value that cases choose
  /// @param work short path of an existing directory; each case gets one below it
  public record Options(Duration patience, Duration caseLimit, int jobs, long seed, Path work) {}

  /// The cases that the profile asks of a program.
  public static List<Case> select(List<Case> all, Profile profile) {
    return all.stream().filter(profile::includes).toList();
  }

  public List<Result> run(List<Case> cases) throws InterruptedException {
    var slots = new Semaphore(options.jobs());
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var futures = new ArrayList<Future<Result>>();
      for (int i = 0; i < cases.size(); i++) {
        int number = i;
        slots.acquire();
        futures.add(
            executor.submit(
                () -> {
                  try {
                    Result result = judge(cases.get(number), number);
                    synchronized (slots) {
                      heard.accept(result);
                    }
                    return result;
                  } finally {
                    slots.release();
                  }
                }));
      }
      var results = new ArrayList<Result>();
      for (Future<Result> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new IllegalStateException("the runner broke", e.getCause());
    }
  }

  private Result judge(Case one, int number) throws InterruptedException, IOException {
    var reason = expected.reasonFor(one.id());
    Optional<String> missing = one.needs().stream().filter(need -> !target.has(need)).findFirst();
    if (missing.isPresent()) {
      return new Result(one, new Outcome.Unsupported(missing.get()), Optional.empty(), Duration.ZERO, List.of());
    }
    long start = System.nanoTime();
    Path work = Files.createDirectories(options.work().resolve("c" + number));
    var stage = new Stage(target, options.patience(), options.seed() ^ one.id().hashCode(), work);
    Outcome outcome;
    try (var watch = new Watch(options.caseLimit(), stage)) {
      outcome = play(one, stage, watch);
    }
    stage.close();
    stage.clean();
    var took = Duration.ofNanos(System.nanoTime() - start);
    boolean clean = outcome instanceof Outcome.Passed;
    return new Result(one, outcome, reason, took, clean ? List.of() : stage.transcript().entries());
  }

  private static Outcome play(Case one, Stage stage, Watch watch) throws InterruptedException {
    try {
      one.body().play(stage);
      return new Outcome.Passed();
    } catch (Mismatch e) {
      return watch.over() ? new Outcome.Broken("the case took too long: " + e.getMessage()) : e.outcome();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) { // whatever breaks a case is a result of its own, never a verdict
      return new Outcome.Broken(describe(e));
    }
  }

  private static String describe(Exception e) {
    var text = new StringBuilder(e.toString());
    for (StackTraceElement frame : e.getStackTrace()) {
      if (frame.getClassName().startsWith("dev.damselfly.")) {
        text.append(" at ").append(frame);
        break;
      }
    }
    return text.toString();
  }

  /// Closes the stage when a case takes too long, so that its waits end.
  private static final class Watch implements AutoCloseable {
    private final java.util.concurrent.ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("dfconf-watch").factory());
    private volatile boolean over;

    Watch(Duration limit, Stage stage) {
      timer.schedule(
          () -> {
            over = true;
            stage.wire().close();
          },
          limit.toMillis(),
          TimeUnit.MILLISECONDS);
    }

    boolean over() {
      return over;
    }

    @Override
    public void close() {
      timer.shutdownNow();
    }
  }
}
