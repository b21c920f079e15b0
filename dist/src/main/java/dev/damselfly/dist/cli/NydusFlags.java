package dev.damselfly.dist.cli;

import dev.damselfly.dist.cli.Flags.Flag;
import java.util.List;

/// Flags of `damselfly nydus`.
final class NydusFlags {
  static final Flag BLOBS = Flag.of("blobs", 'b', "DIR", "directory with the blob files (default: where the image is)");
  static final Flag LONG = Flag.of("long", 'l', "", "ls: type, mode, owner, size and time of each entry");
  static final Flag RECURSIVE = Flag.of("recursive", 'R', "", "ls: the whole tree below");
  static final Flag METADATA = Flag.of("metadata", '\0', "", "check: metadata only, no blob is opened");
  static final Flag OUTPUT = Flag.of("output", 'O', "DIR", "unpack: directory to make; it must not exist");
  static final Flag MAX_SIZE =
      Flag.of("max-size", '\0', "BYTES", "unpack: most bytes of all files together (default 64 GiB)");
  static final Flag OWNERS = Flag.of("owners", '\0', "", "unpack as root: give files their owners");
  static final Flag SETUID =
      Flag.of("setuid", '\0', "", "unpack as root, with --owners: keep setuid, setgid and sticky bits");

  static final Flag MIRROR =
      Flag.of("mirror", '\0', "URL", "image of a registry: the proxy of this host's peer (default http://127.0.0.1:65001)");
  static final Flag AUTHFILE =
      Flag.of("authfile", '\0', "FILE", "image of a registry: credentials as a login writes them (default $REGISTRY_AUTH_FILE)");
  static final Flag TOKEN_FILE =
      Flag.of("token-file", '\0', "FILE", "image of a registry: a file with a bearer token of the registry");
  static final Flag CALLER_FILE =
      Flag.of("caller-file", '\0', "FILE", "image of a registry: NAME:TOKEN of a caller of the proxy, where it wants one");
  static final Flag CACHE_SIZE =
      Flag.of("cache-size", '\0', "BYTES", "image of a registry: room for verified chunks (default 8GiB)");

  static final Flag ALLOW_OTHER =
      Flag.of("allow-other", '\0', "", "mount: other users may look, as far as the modes in the image let them");

  static final Flag PREFETCH =
      Flag.of("prefetch", '\0', "list|all|none", "mount: what is fetched before anybody asks: what the image names (default), everything, nothing");
  static final Flag PREFETCH_SIZE =
      Flag.of("prefetch-size", '\0', "BYTES", "mount: most bytes of content that are fetched before anybody asks (default 1GiB)");

  static final List<Flag> ALL =
      List.of(
          Main.HELP, BLOBS, LONG, RECURSIVE, METADATA, OUTPUT, MAX_SIZE, OWNERS, SETUID, MIRROR, AUTHFILE, TOKEN_FILE, CALLER_FILE,
          CACHE_SIZE, ALLOW_OTHER, PREFETCH, PREFETCH_SIZE);

  private NydusFlags() {}
}
