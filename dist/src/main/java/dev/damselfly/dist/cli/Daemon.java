package dev.damselfly.dist.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds the daemon of this machine, and starts the embedded one when there is none.
final class Daemon {
  /// Where a packaged peer listens.
  static final Path SYSTEM_SOCKET = Path.of("/run/damselfly/peer.sock");

  static final String READY = "ready";

  private final StateDir state;
  private final Optional<Path> chosen;

  /// @param endpoint socket named by the user; then nothing is ever started
  Daemon(StateDir state, Optional<String> endpoint) {
    this.state = state;
    String environment = System.getenv("DAMSELFLY_SOCKET");
    this.chosen = endpoint.or(() -> Optional.ofNullable(environment)).map(Daemon::path);
  }

  private static Path path(String text) {
    return Path.of(text.startsWith("unix://") ? text.substring("unix://".length()) : text);
  }

  StateDir state() {
    return state;
  }

  /// A connection to a running daemon.
  DaemonConnection connect() throws CommandFailed {
    return tryConnect().orElseThrow(() -> new CommandFailed(ExitCode.UNAVAILABLE, missing()));
  }

  private String missing() {
    return chosen
        .map(path -> "no daemon answers at " + path)
        .orElse("no daemon is running; start one with `damselfly up`");
  }

  Optional<DaemonConnection> tryConnect() {
    List<Path> places = chosen.map(List::of).orElseGet(() -> List.of(state.socket(), SYSTEM_SOCKET));
    for (Path place : places) {
      if (Files.exists(place)) {
        try {
          return Optional.of(DaemonConnection.open(place));
        } catch (IOException e) {
          // a socket file without a daemon behind it: look further
        }
      }
    }
    return Optional.empty();
  }

  /// A connection to the running daemon, or to an embedded stack started now.
  ///
  /// @param allowed origins in private ranges that the new stack may reach
  DaemonConnection connectOrStart(List<String> allowed) throws CommandFailed {
    Optional<DaemonConnection> running = tryConnect();
    if (running.isPresent()) {
      return running.get();
    }
    if (chosen.isPresent()) {
      throw new CommandFailed(ExitCode.UNAVAILABLE, missing());
    }
    try {
      state.prepared();
      try (var lock = FileChannel.open(state.startLock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          var held = lock.lock()) {
        Optional<DaemonConnection> meanwhile = tryConnect();
        if (meanwhile.isPresent() && held.isValid()) {
          return meanwhile.get();
        }
        start(allowed);
      }
      return connect();
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.UNAVAILABLE, "the embedded stack could not be started: " + e.getMessage());
    }
  }

  /// Starts the embedded stack in a session of its own and returns once it says that it is ready.
  void start(List<String> allowed) throws IOException, CommandFailed {
    System.err.println("damselfly: starting the embedded stack (log: " + state.log() + ")");
    String base = System.getProperty("damselfly.base", ".");
    var command = new ArrayList<String>();
    if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
      command.add("/usr/bin/setsid"); // Ctrl-C in this terminal must not end the daemon
    }
    command.addAll(List.of("/bin/sh", base + "/dist/src/main/sh/run.sh", base, "up", "--announce-ready"));
    allowed.forEach(origin -> command.addAll(List.of("--allow-origin", origin)));
    Process process =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectError(ProcessBuilder.Redirect.appendTo(state.log().toFile()))
            .start();
    try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = lines.readLine();
      if (!READY.equals(line)) {
        throw new CommandFailed(
            ExitCode.UNAVAILABLE, "the embedded stack did not start" + (line == null ? "" : ": " + line) + "; see " + state.log());
      }
    }
  }
}
