package dev.damselfly.dist.cli;

import dev.damselfly.dist.cli.Flags.Flag;
import java.util.List;

/// Flags of `damselfly runtime`.
final class RuntimeFlags {
  static final List<Flag> ALL =
      List.of(
          Main.HELP,
          Flag.of("dry-run", '\0', "", "print what would be written, and where"),
          Flag.of("write", '\0', "", "write it; what stood there is kept beside it"),
          Flag.of("undo", '\0', "", "take back everything that was written, unless it was edited since"),
          Flag.of("config", 'c', "FILE", "file of the peer: where its mirror listens, which registries it stands for"),
          Flag.of("mirror", '\0', "URL", "the mirror (default: that of --config, else http://127.0.0.1:65001)"),
          Flag.repeated("registry", '\0', "HOST[:PORT][=URL]", "a registry, and where it serves (default: those of --config)"),
          Flag.of("dir", '\0', "DIR", "directory that the runtime reads (default: its usual one)"));

  private RuntimeFlags() {}
}
