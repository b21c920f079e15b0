package dev.damselfly.peer.control;

import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.time.SystemTimer;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/// A process of its own that serves the local socket and runs out of descriptors when it is told to: it answers each
/// line of its input with one line.
@NullMarked
final class ScarceDescriptors {
  private ScarceDescriptors() {}

  /// @param args the directory of the socket
  public static void main(String[] args) throws IOException {
    List<FileInputStream> taken = new ArrayList<>();
    try (var timer = new SystemTimer("test"); var desk = new LocalDesk(Path.of(args[0]), new MemoryAudit(), timer)) {
      LocalServer server = desk.listen();
      System.out.println("listening");
      for (int command = System.in.read(); command >= 0; command = System.in.read()) {
        switch (command) {
          case 't' -> takeAll(taken);
          case 'w' -> awaitFailure(server);
          case 'r' -> release(taken);
          default -> throw new IllegalArgumentException("unknown command");
        }
        System.out.println("done");
      }
    }
  }

  private static void takeAll(List<FileInputStream> taken) {
    while (true) {
      try {
        taken.add(new FileInputStream("/dev/null"));
      } catch (IOException none) {
        return;
      }
    }
  }

  private static void awaitFailure(LocalServer server) {
    while (server.failedAccepts() == 0) {
      Thread.onSpinWait();
    }
  }

  private static void release(List<FileInputStream> taken) throws IOException {
    for (FileInputStream file : taken) {
      file.close();
    }
  }
}
