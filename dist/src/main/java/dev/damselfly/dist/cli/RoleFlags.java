package dev.damselfly.dist.cli;

import dev.damselfly.dist.cli.Flags.Flag;
import java.util.List;
import java.util.function.ToIntFunction;

/// Flags of the commands that run a daemon; they stand here so that help needs no daemon classes.
public final class RoleFlags {
  static final List<Flag> UP =
      List.of(
          Flag.repeated("allow-origin", '\0', "CIDR", "let downloads reach this private or loopback range"),
          Flag.repeated("mirror", '\0', "HOST[:PORT][=URL]", "be a mirror of this registry for programs of this machine; the first is the default one"),
          Flag.of("mirror-port", '\0', "PORT", "port of the mirror on 127.0.0.1 (default 65001; 0 takes a free one)"),
          Flag.of("announce-ready", '\0', "", "print one line when ready (used by get)"),
          Main.HELP);

  static final List<Flag> ROLE =
      List.of(
          Flag.of("config", 'c', "FILE", "configuration file (required)"),
          Flag.of("check-config", '\0', "", "read the file, print every problem, do not start"),
          Main.HELP);

  static final List<Flag> ISSUER =
      List.of(
          Flag.of("dir", '\0', "DIR", "private directory of the sockets: one DIR/NAME.sock per identity"),
          Flag.repeated("id", '\0', "NAME=SPIFFE-ID", "serve this identity at DIR/NAME.sock"),
          Flag.of("ttl", '\0', "TIME", "life of an SVID (default 1h)"),
          Main.HELP);

  /// Exit code of a wrong command line.
  public static final int USAGE = ExitCode.USAGE.value();

  /// Exit code when something needed is not there.
  public static final int UNAVAILABLE = ExitCode.UNAVAILABLE.value();

  /// Words of `dev-issuer`.
  public record IssuerWords(String directory, List<String> ids, int ttlSeconds) {}

  /// Words of `manager`, `scheduler` and `peer`.
  public record RoleWords(String configFile, boolean checkOnly) {}

  /// Words of `up`.
  ///
  /// @param mirrored registries as they were written
  public record UpWords(List<String> allowedOrigins, List<String> mirrored, int mirrorPort, boolean announceReady) {}

  private RoleFlags() {}

  /// Runs the command with its words. When help is asked for or the command line is wrong, says so instead.
  ///
  /// @return exit code of the process
  public static int issuer(List<String> args, ToIntFunction<IssuerWords> command) {
    return run("dev-issuer", ISSUER, args, command, flags -> new IssuerWords(
        required(flags, "dir"), flags.all("id"), (int) Amounts.seconds("--ttl", flags.text("ttl").orElse("1h"))));
  }

  /// The same for `manager`, `scheduler` and `peer`.
  public static int role(String name, List<String> args, ToIntFunction<RoleWords> command) {
    return run(name, ROLE, args, command, flags -> new RoleWords(required(flags, "config"), flags.on("check-config")));
  }

  /// The same for `up`.
  public static int up(List<String> args, ToIntFunction<UpWords> command) {
    return run("up", UP, args, command, RoleFlags::upWords);
  }

  private static UpWords upWords(Flags flags) throws CommandFailed {
    List<String> mirrored = flags.all("mirror");
    int port = Amounts.port("--mirror-port", flags.text("mirror-port").orElse("65001"));
    if (mirrored.isEmpty() && flags.text("mirror-port").isPresent()) {
      throw new CommandFailed(ExitCode.USAGE, "--mirror-port: is for a mirror; name a registry with --mirror");
    }
    return new UpWords(flags.all("allow-origin"), mirrored, port, flags.on("announce-ready"));
  }

  private interface Reading<T> {
    T of(Flags flags) throws CommandFailed;
  }

  private static <T> int run(String name, List<Flag> known, List<String> args, ToIntFunction<T> command, Reading<T> reading) {
    T words;
    try {
      Flags flags = Flags.parse(known, args);
      if (flags.on("help")) {
        Help.command(System.out, name, known);
        return ExitCode.OK.value();
      }
      if (!flags.words().isEmpty()) {
        throw new CommandFailed(ExitCode.USAGE, name + " takes flags only");
      }
      words = reading.of(flags);
    } catch (CommandFailed e) {
      System.err.println("damselfly: " + e.text());
      System.err.println("`damselfly help " + name + "` shows how it is used.");
      return USAGE;
    }
    return command.applyAsInt(words);
  }

  private static String required(Flags flags, String name) throws CommandFailed {
    return flags.text(name).orElseThrow(() -> new CommandFailed(ExitCode.USAGE, "--" + name + " is required"));
  }
}
