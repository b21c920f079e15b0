package dev.damselfly.dist.cli;

import dev.damselfly.dist.cli.Flags.Flag;
import java.util.List;

/// Flags of the commands that run a daemon; they stand here so that help needs no daemon classes.
public final class RoleFlags {
  static final List<Flag> UP =
      List.of(
          Flag.repeated("allow-origin", '\0', "CIDR", "let downloads reach this private or loopback range"),
          Flag.of("foreground", '\0', "", "stay in the foreground; Ctrl-C stops everything"),
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

  private RoleFlags() {}
}
