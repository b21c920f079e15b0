package dev.damselfly.dist.cli;

import dev.damselfly.dist.cli.Flags.Flag;
import java.io.PrintStream;
import java.util.List;

/// Help texts.
final class Help {
  /// One command: its name, its words, its one-line summary.
  record Topic(String name, String words, String summary) {}

  static final List<Topic> COMMANDS =
      List.of(
          new Topic("get", "URL -O FILE", "download through the swarm; starts the embedded stack when no daemon runs"),
          new Topic("status", "", "what runs here, who it is, and what it holds"),
          new Topic("explain", "FILE|TASK|BLOB", "where each piece came from, why, and what it was verified against"),
          new Topic("up", "", "start the embedded single-machine stack"),
          new Topic("down", "", "stop it"),
          new Topic("limits", "", "every bound of the daemon: value, hard maximum, what happens beyond"),
          new Topic("audit", "verify [LOG KEYS]", "check the hash chain of an audit log, or of those of the embedded stack"),
          new Topic("nydus", "check|ls|cat|unpack|mount IMAGE [PATH|DIR]",
              "read a RAFS image, a file or REGISTRY/REPOSITORY:TAG: every chunk is verified before it is shown"),
          new Topic("runtime", "containerd|cri-o|podman --dry-run|--write|--undo",
              "let a container runtime pull through the registry mirror of this host's peer, or take that back"),
          new Topic("doctor", "", "look for what would keep this machine from working, and say what to do"),
          new Topic("manager", "--config FILE [--check-config]", "run a manager"),
          new Topic("scheduler", "--config FILE [--check-config]", "run a scheduler"),
          new Topic("peer", "--config FILE [--check-config]", "run a peer or seed peer"),
          new Topic("dev-issuer", "--dir DIR --id NAME=SPIFFE-ID ...", "issue SVIDs for development over private Unix sockets"),
          new Topic("version", "", "print the version"),
          new Topic("help", "[COMMAND|exit-codes]", "this text"));

  private Help() {}

  static void overview(PrintStream out) {
    out.println("Damselfly spreads files through an identity-checked, verified swarm.");
    out.println();
    out.println("  damselfly get https://example.com/file.tar -O file.tar");
    out.println();
    out.println("Commands:");
    for (Topic topic : COMMANDS) {
      out.printf("  %-11s %s%n", topic.name(), topic.summary());
    }
    out.println();
    out.println("`damselfly help COMMAND` has the flags of a command, `damselfly help exit-codes` the exit codes.");
  }

  static void command(PrintStream out, String name, List<Flag> flags) {
    for (Topic topic : COMMANDS) {
      if (topic.name().equals(name)) {
        out.println("damselfly " + topic.name() + (topic.words().isEmpty() ? "" : " " + topic.words()));
        out.println("  " + topic.summary());
      }
    }
    var shown = flags.stream().filter(flag -> flag.refused().isEmpty()).toList();
    if (!shown.isEmpty()) {
      out.println();
      for (Flag flag : shown) {
        String letter = flag.letter() == 0 ? "    " : "-" + flag.letter() + ", ";
        out.printf("  %-46s %s%n", letter + "--" + flag.name() + (flag.takesValue() ? " " + flag.value() : ""), flag.help());
      }
    }
    var refused = flags.stream().filter(flag -> !flag.refused().isEmpty()).toList();
    if (!refused.isEmpty()) {
      out.println();
      out.println("Refused (each says why when used):");
      refused.forEach(flag -> out.println("      --" + flag.name()));
    }
  }

  static void exitCodes(PrintStream out) {
    for (ExitCode code : ExitCode.values()) {
      out.printf("  %3d  %s%n", code.value(), code.meaning());
    }
  }
}
