package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A containerd with directories and a socket of its own. Closing it leaves no process and no mount behind.
final class Containerd implements AutoCloseable {
  private final Path home;
  private final Command command;
  private final Process process;

  private Containerd(Path home, Command command, Process process) {
    this.home = home;
    this.command = command;
    this.process = process;
  }

  static boolean isInstalled(String program) {
    return Stream.of("/usr/bin/", "/usr/sbin/", "/usr/local/bin/").anyMatch(place -> Files.isExecutable(Path.of(place + program)));
  }

  /// @param home absent; a short path: sockets lie in it
  static Containerd start(Path home, Command command) throws IOException, InterruptedException {
    Files.createDirectory(home);
    String toml =
        """
        version = 2
        root = "%1$s/root"
        state = "%1$s/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
          address = "%1$s/c.sock"
        [ttrpc]
          address = "%1$s/c.sock.ttrpc"
        """
            .formatted(home);
    Path conf = Files.writeString(home.resolve("c.toml"), toml);
    var running = command.startProgram(List.of("containerd", "-c", conf.toString()));
    var containerd = new Containerd(home, command, running.process());
    try {
      running.awaitText("containerd successfully booted");
      return containerd;
    } catch (IOException | InterruptedException e) {
      containerd.close();
      throw e;
    }
  }

  Command.Result ctr(String... words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("ctr", "-a", home.resolve("c.sock").toString()));
    all.addAll(List.of(words));
    return Command.await(command.startProgram(all));
  }

  @Override
  public void close() {
    try {
      process.destroy();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
      endShims();
      unmount();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /// Those that were started for our socket, with what they run.
  private void endShims() {
    String ours = home.resolve("c.sock").toString();
    List<ProcessHandle> shims =
        ProcessHandle.allProcesses()
            .filter(one -> one.info().arguments().filter(words -> List.of(words).contains(ours)).isPresent())
            .toList();
    for (ProcessHandle shim : shims) {
      shim.descendants().forEach(ProcessHandle::destroyForcibly);
      shim.destroyForcibly();
    }
  }

  private void unmount() throws IOException, InterruptedException {
    for (String mount : mounts().reversed()) {
      Command.await(command.startProgram(List.of("umount", "-l", mount)));
    }
  }

  /// What is mounted below its directory.
  List<String> mounts() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
        .map(line -> line.split(" ", -1)[1])
        .filter(path -> path.startsWith(home + "/"))
        .toList();
  }
}
