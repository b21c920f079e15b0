package dev.damselfly.dist.daemon;

import java.util.Arrays;
import java.util.List;

/// Entry point of the commands that run something.
public final class DaemonMain {
  private DaemonMain() {}

  public static void main(String[] args) {
    TlsProperties.set(); // before any class of Netty or JSSE is loaded
    TellingLoggers.silence();
    List<String> words = Arrays.asList(args);
    String command = words.isEmpty() ? "" : words.getFirst();
    List<String> rest = words.subList(Math.min(1, words.size()), words.size());
    int code =
        switch (command) {
          case "up" -> UpCommand.run(rest);
          case "dev-issuer" -> IssuerCommand.run(rest);
          case "manager", "scheduler", "peer" -> RoleCommand.run(command, rest);
          default -> {
            System.err.println("damselfly: not a daemon command");
            yield 2;
          }
        };
    System.exit(code);
  }
}
