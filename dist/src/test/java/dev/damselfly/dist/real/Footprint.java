package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// What a process holds of the machine, as the kernel says: open files and sockets, threads.
///
/// @param files that are open, by name; sockets under one name
/// @param threads of the kernel
record Footprint(Map<String, Integer> files, int threads) {
  private static final String SOCKET = "socket";

  static Footprint of(Process process) throws IOException {
    Path proc = Path.of("/proc", Long.toString(process.pid()));
    var files = new TreeMap<String, Integer>();
    for (Path handle : entries(proc.resolve("fd"))) {
      try {
        String target = Files.readSymbolicLink(handle).toString();
        files.merge(target.startsWith("socket:") ? SOCKET : target.replaceAll("\\[.*", ""), 1, Integer::sum);
      } catch (NoSuchFileException e) {
        // closed since the list was read
      }
    }
    return new Footprint(files, entries(proc.resolve("task")).size());
  }

  private static List<Path> entries(Path directory) throws IOException {
    try (var list = Files.list(directory)) {
      return list.toList();
    }
  }

  /// Waits until the process holds no more than this, `spare` threads excepted.
  ///
  /// @param spare threads that pools of the runtime may have started meanwhile
  void awaitAgain(Process process, int spare) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    List<String> more = more(process, spare);
    while (!more.isEmpty()) {
      if (process.waitFor(100, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
        throw new AssertionError("the process holds more than before: " + more + "\n" + String.join("\n", connections(process)));
      }
      more = more(process, spare);
    }
  }

  /// The TCP connections of the process, each with both its ends.
  static List<String> connections(Process process) throws IOException {
    Process ss = new ProcessBuilder("ss", "-Htnp", "state", "established").redirectErrorStream(true).start();
    String all = new String(ss.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String pid = "pid=" + process.pid() + ",";
    return all.lines().filter(line -> line.contains(pid)).map(line -> line.replaceFirst("^\\S+\\s+\\S+\\s+", "")).toList();
  }

  private List<String> more(Process process, int spare) throws IOException {
    Footprint now = of(process);
    var more = new ArrayList<String>();
    now.files.forEach(
        (name, count) -> {
          int before = files.getOrDefault(name, 0);
          if (count > before) {
            more.add(name + ": " + count + " instead of " + before);
          }
        });
    if (now.threads > threads + spare) {
      more.add("threads: " + now.threads + " instead of " + threads);
    }
    return more;
  }

  /// Names of the virtual threads that run in a JVM, by its own word.
  static List<String> virtualThreads(Process process, Path directory) throws IOException, InterruptedException {
    Path dump = Files.createTempDirectory(directory, "dump").resolve("threads.txt");
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Process asked =
        new ProcessBuilder(jcmd.toString(), Long.toString(process.pid()), "Thread.dump_to_file", dump.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("jcmd.txt").toFile())
            .start();
    if (!asked.waitFor(60, TimeUnit.SECONDS) || asked.exitValue() != 0) {
      throw new IOException("jcmd: " + Files.readString(directory.resolve("jcmd.txt")));
    }
    return Files.readAllLines(dump).stream().filter(line -> line.startsWith("#") && line.endsWith(" virtual")).toList();
  }
}
