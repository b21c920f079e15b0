package dev.damselfly.conformance.target;

import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.link.WorkloadSockets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A process of the program under test with its output in a file.
final class StartedProcess implements Running {
  private static final long START_SECONDS = 120;
  private static final long STOP_SECONDS = 20;

  /// What still runs ends with dfconf, also when a user interrupts it.
  private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(StartedProcess::kill)));
  }

  private final Process process;
  private final Path output;
  private final Endpoint endpoint;
  private final Map<String, Endpoint> parts;
  private final WorkloadSockets sockets;

  /// How the program says where it listens.
  ///
  /// @param ready pattern in its output, with groups `port` and those of further parts
  record Listeners(Pattern ready, @Nullable String endpoint, Map<String, String> parts) {
    Endpoint main(Matcher said) {
      return said.namedGroups().containsKey("port") ? at(said, "port") : Endpoint.parse(String.valueOf(endpoint));
    }

    Map<String, Endpoint> others(Matcher said) {
      var all = new HashMap<String, Endpoint>();
      parts.forEach((name, text) -> all.put(name, Endpoint.parse(text)));
      said.namedGroups().keySet().forEach(name -> all.put(name, at(said, name)));
      return all;
    }

    private static Endpoint at(Matcher said, String group) {
      return new Endpoint("127.0.0.1", Integer.parseInt(said.group(group)));
    }
  }

  private StartedProcess(
      Process process, Path output, Endpoint endpoint, Map<String, Endpoint> parts, WorkloadSockets sockets) {
    this.process = process;
    this.output = output;
    this.endpoint = endpoint;
    this.parts = parts;
    this.sockets = sockets;
  }

  /// Starts it and waits until its output shows that it is ready.
  static StartedProcess start(
      List<String> words,
      Map<String, String> environment,
      Path work,
      Listeners listeners,
      WorkloadSockets sockets)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(work, "output", ".txt");
    var builder =
        new ProcessBuilder(words).directory(work.toFile()).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    ALIVE.add(process);
    try {
      Matcher said = awaitReady(process, output, listeners.ready());
      return new StartedProcess(process, output, listeners.main(said), listeners.others(said), sockets);
    } catch (IOException | InterruptedException | RuntimeException e) {
      kill(process);
      throw e;
    }
  }

  private static Matcher awaitReady(Process process, Path output, Pattern ready) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (true) {
      boolean ended = process.waitFor(50, TimeUnit.MILLISECONDS);
      String text = Files.readString(output);
      Matcher matcher = ready.matcher(text);
      if (matcher.find()) {
        return matcher;
      }
      if (ended) {
        throw new IOException("the program ended with " + process.exitValue() + " before it was ready:\n" + tail(text));
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("the program was not ready within " + START_SECONDS + " s:\n" + tail(text));
      }
    }
  }

  private static String tail(String text) {
    return text.length() > 4_000 ? text.substring(text.length() - 4_000) : text;
  }

  @Override
  public Endpoint endpoint() {
    return endpoint;
  }

  @Override
  public Optional<Endpoint> endpoint(String part) {
    return Optional.ofNullable(parts.get(part));
  }

  @Override
  public String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public void stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
      kill(process);
    }
    ALIVE.remove(process);
    sockets.close();
  }

  @Override
  public void close() {
    kill(process);
    sockets.close();
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    ALIVE.remove(process);
  }
}
