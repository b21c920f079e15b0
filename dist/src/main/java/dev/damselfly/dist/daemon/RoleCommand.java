package dev.damselfly.dist.daemon;

import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.dist.cli.RoleFlags;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// `damselfly manager|scheduler|peer`: one role as its own process.
final class RoleCommand {
  private RoleCommand() {}

  static int run(String role, List<String> args) {
    return RoleFlags.role(role, args, words -> run(role, words));
  }

  private static int run(String role, RoleFlags.RoleWords words) {
    RoleFile file;
    try {
      file = RoleFile.read(role, Files.readAllBytes(Path.of(words.configFile())), endpoint());
    } catch (ConfigProblems e) {
      System.err.println("damselfly: the configuration has " + count(e.problems().size()) + ":");
      e.problems().forEach(problem -> System.err.println("  " + problem));
      return RoleFlags.USAGE;
    } catch (IOException e) {
      System.err.println("damselfly: the configuration file cannot be read: " + words.configFile());
      return RoleFlags.USAGE;
    }
    if (words.checkOnly()) {
      System.out.println("configuration is good");
      return 0;
    }
    return serve(role, file);
  }

  private static int serve(String role, RoleFile file) {
    var foreground = new Foreground();
    try (var running = RunningRole.start(role, file, foreground::stop, List::of)) {
      running.mirrorPort().ifPresent(port -> System.out.println("registry mirror on loopback port " + port));
      System.out.println(role + " " + running.identity() + " ready on port " + running.port());
      return foreground.await();
    } catch (IOException | UncheckedIOException | IllegalStateException e) {
      System.err.println("damselfly: " + role + " did not start: " + e.getMessage());
      return RoleFlags.UNAVAILABLE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return RoleFlags.UNAVAILABLE;
    } finally {
      foreground.closed();
    }
  }

  private static String endpoint() {
    return Optional.ofNullable(System.getenv("SPIFFE_ENDPOINT_SOCKET")).orElse("");
  }

  private static String count(int problems) {
    return problems == 1 ? "one problem" : problems + " problems";
  }
}
