package dev.damselfly.dist.cli;

import dev.damselfly.dist.cli.Flags.Flag;
import java.util.List;

/// The flags of `get`: those of dfget that apply to http and https, ours, and those that are refused.
final class GetFlags {
  private static final String NO_TLS_SWITCH = "TLS to the origin is always verified; name a private CA in the egress rules instead";
  private static final String NO_LINK =
      "a hard link would let an edit of the output change what this host serves to others; the output is always a copy";
  private static final String NO_STORE = "object stores and hubs are not served here; use an http or https URL";

  static final List<Flag> ALL =
      List.of(
          Flag.of("output", 'O', "FILE", "where to put the content (required)"),
          Flag.of("overwrite", '\0', "", "replace an existing FILE"),
          Flag.of("digest", '\0', "ALGORITHM:HEX", "accept only this content: sha256:<64 hex> or sha512:<128 hex>"),
          Flag.of("timeout", '\0', "TIME", "give up after this long, for example 90s, 10m, 2h (default 2h)"),
          Flag.of("priority", 'p', "0..6", "scheduling priority (default 6)"),
          Flag.of("piece-length", '\0', "SIZE", "fix the piece length, 4MiB..64MiB"),
          Flag.of("application", '\0', "NAME", "part of the task id; applications can have priorities"),
          Flag.of("tag", '\0', "TEXT", "part of the task id: same URL, other tag, other task"),
          Flag.repeated("header", 'H', "NAME: VALUE", "send a header to the origin; @FILE reads headers from a file, credentials only from there"),
          Flag.repeated("filtered-query-param", '\0', "NAME", "leave this query parameter out of the task id (replaces the default list)"),
          Flag.of("content-for-calculating-task-id", '\0', "TEXT", "compute the task id from this text"),
          Flag.of("disable-back-to-source", '\0', "", "never read from the origin, only from peers and cache"),
          Flag.of("scheduling-policy", '\0', "auto|always", "accepted for dfget scripts; every download is scheduled"),
          Flag.of("transfer-from-dfdaemon", '\0', "", "accepted for dfget scripts; content always comes over the socket"),
          Flag.of("no-progress", '\0', "", "print the result only"),
          Flag.of("json", '\0', "", "print one JSON object per line"),
          Flag.of("endpoint", 'e', "SOCKET", "Unix socket of the daemon (default: the running one, else start one)"),
          Flag.repeated("allow-origin", '\0', "CIDR", "let a stack that this command starts reach a private range"),
          Flag.of("log-level", 'l', "LEVEL", "accepted for dfget scripts; the daemon has the log"),
          Flag.of("console", '\0', "", "accepted for dfget scripts"),
          Flag.of("help", 'h', "", "this text"),
          Flag.refused("force-hard-link", "", NO_LINK),
          Flag.refused("storage-insecure-skip-verify", "", NO_TLS_SWITCH),
          Flag.refused("insecure-skip-verify", "", NO_TLS_SWITCH),
          Flag.refused("insecure", "", NO_TLS_SWITCH),
          Flag.refused("storage-credential-path", "PATH", "a request may not name a credential file of the daemon"),
          Flag.refused("recursive", "", "directories are not served here"),
          Flag.refused("include-files", "GLOB", "directories are not served here"),
          Flag.refused("max-files", "N", "directories are not served here"),
          Flag.refused("max-concurrent-requests", "N", "directories are not served here"),
          Flag.refused("storage-region", "TEXT", NO_STORE),
          Flag.refused("storage-endpoint", "URL", NO_STORE),
          Flag.refused("storage-access-key-id", "TEXT", NO_STORE),
          Flag.refused("storage-access-key-secret", "TEXT", NO_STORE),
          Flag.refused("storage-session-token", "TEXT", NO_STORE),
          Flag.refused("storage-security-token", "TEXT", NO_STORE),
          Flag.refused("storage-predefined-acl", "TEXT", NO_STORE),
          Flag.refused("hdfs-delegation-token", "TEXT", NO_STORE),
          Flag.refused("hf-revision", "TEXT", NO_STORE),
          Flag.refused("hf-token", "TEXT", NO_STORE),
          Flag.refused("hf-base-url", "URL", NO_STORE),
          Flag.refused("ms-revision", "TEXT", NO_STORE),
          Flag.refused("ms-token", "TEXT", NO_STORE),
          Flag.refused("ms-base-url", "URL", NO_STORE),
          Flag.refused("csg-revision", "TEXT", NO_STORE),
          Flag.refused("csg-token", "TEXT", NO_STORE),
          Flag.refused("csg-base-url", "URL", NO_STORE));

  /// Query parameters that are credentials or bookkeeping, left out of the task id unless the user names others (the default list of the protocol).
  static final List<String> DEFAULT_FILTER =
      List.of(
          "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
          "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Goog-Algorithm", "X-Goog-Credential", "X-Goog-Date", "X-Goog-Expires",
          "X-Goog-SignedHeaders", "X-Goog-Signature", "OSSAccessKeyId", "Expires", "Signature", "SecurityToken", "AccessKeyId",
          "X-Obs-Date", "X-Obs-Security-Token", "q-sign-algorithm", "q-ak", "q-sign-time", "q-key-time", "q-header-list",
          "q-url-param-list", "q-signature", "x-cos-security-token", "ns");

  private GetFlags() {}
}
