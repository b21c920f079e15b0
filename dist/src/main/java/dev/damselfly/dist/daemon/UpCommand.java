package dev.damselfly.dist.daemon;

import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.dist.cli.RoleFlags;
import dev.damselfly.dist.cli.StateDir;
import java.io.IOException;
import java.util.List;

/// `damselfly up`: the embedded stack, until it is stopped.
final class UpCommand {
  private UpCommand() {}

  static int run(List<String> args) {
    return RoleFlags.up(args, UpCommand::serve);
  }

  private static int serve(RoleFlags.UpWords flags) {
    var foreground = new Foreground();
    long begin = System.nanoTime();
    try (var stack = new EmbeddedStack(StateDir.ofEnvironment(), flags.allowedOrigins(), foreground::stop)) {
      stack.start();
      if (flags.announceReady()) {
        System.out.println("ready");
        System.out.close(); // whoever started us has read its line and is gone
      } else {
        stack.roles().forEach(role -> System.out.println(role.role() + " " + role.identity() + " on port " + role.port()));
        System.out.println("ready after " + (System.nanoTime() - begin) / 1_000_000 + " ms; stop with Ctrl-C or `damselfly down`");
      }
      return foreground.await();
    } catch (ConfigProblems e) {
      System.err.println("damselfly: " + String.join("; ", e.problems()));
      return RoleFlags.USAGE;
    } catch (IOException | RuntimeException e) {
      System.err.println("damselfly: the embedded stack did not start: " + e.getMessage());
      return RoleFlags.UNAVAILABLE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return RoleFlags.UNAVAILABLE;
    } finally {
      foreground.closed();
    }
  }
}
