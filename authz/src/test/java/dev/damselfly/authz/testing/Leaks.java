package dev.damselfly.authz.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Threads and file descriptors that something left behind.
///
/// ```
/// attempt();                // what is made once per JVM is made now
/// var leaks = Leaks.watch();
/// attempt(); attempt(); ...
/// assertThat(leaks.left(DESCRIPTORS_OF_ONE_ATTEMPT)).isEmpty();
/// ```
public final class Leaks {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /// Threads of the JVM and of libraries that come and go by themselves.
  private static final List<String> SHARED =
      List.of("ForkJoinPool", "VirtualThread", "globalEventExecutor", "grpc-default", "grpc-shared", "Common-Cleaner", "junit");

  private final Set<Thread> threads = threads();
  private final long descriptors;

  private Leaks() throws IOException {
    descriptors = descriptors();
  }

  public static Leaks watch() throws IOException {
    return new Leaks();
  }

  /// Gives every new thread 30 s to end, then looks.
  ///
  /// @param spare descriptors that the JVM may have opened meanwhile
  public List<String> left(int spare) throws InterruptedException, IOException {
    var left = new ArrayList<String>();
    for (Set<Thread> fresh = fresh(Set.of()); !fresh.isEmpty(); fresh = fresh(fresh)) {
      for (Thread thread : fresh) {
        if (!thread.join(PATIENCE)) {
          left.add("thread " + thread.getName());
        }
      }
    }
    long now = descriptors();
    if (now > descriptors + spare) {
      left.add((now - descriptors) + " descriptors");
    }
    return left;
  }

  private Set<Thread> fresh(Set<Thread> known) {
    Set<Thread> fresh = threads();
    fresh.removeAll(threads);
    fresh.removeAll(known);
    return fresh;
  }

  private static Set<Thread> threads() {
    var threads = new HashSet<>(Thread.getAllStackTraces().keySet());
    threads.removeIf(thread -> SHARED.stream().anyMatch(thread.getName()::startsWith));
    return threads;
  }

  private static long descriptors() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }
}
