package dev.damselfly.dist.daemon;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.dist.cli.RoleFlags;
import dev.damselfly.dist.cli.StateDir;
import dev.damselfly.dist.runtime.MirroredRegistry;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/// `damselfly up`: the embedded stack, until it is stopped.
final class UpCommand {
  private UpCommand() {}

  static int run(List<String> args) {
    return RoleFlags.up(args, UpCommand::serve);
  }

  private static int serve(RoleFlags.UpWords flags) {
    List<MirroredRegistry> mirrored;
    try {
      mirrored = flags.mirrored().stream().map(MirroredRegistry::of).toList();
    } catch (InvalidValue e) {
      System.err.println("damselfly: --mirror: " + e.rule());
      return RoleFlags.USAGE;
    }
    return serve(flags, new EmbeddedStack.Wishes(flags.allowedOrigins(), mirrored, flags.mirrorPort()));
  }

  private static int serve(RoleFlags.UpWords flags, EmbeddedStack.Wishes wishes) {
    var foreground = new Foreground();
    long begin = System.nanoTime();
    try (var stack = new EmbeddedStack(StateDir.ofEnvironment(), wishes, foreground::stop)) {
      stack.start();
      if (flags.announceReady()) {
        System.out.println("ready");
        System.out.close(); // whoever started us has read its line and is gone
      } else {
        stack.roles().forEach(role -> tell(role, wishes));
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

  private static void tell(RunningRole role, EmbeddedStack.Wishes wishes) {
    System.out.println(role.role() + " " + role.identity() + " on port " + role.port());
    String registries = wishes.mirrored().stream().map(one -> one.name().text()).collect(Collectors.joining(", "));
    role.mirrorPort().ifPresent(port -> System.out.println("mirror of " + registries + " at http://127.0.0.1:" + port));
  }
}
