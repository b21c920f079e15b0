package dev.damselfly.peer.download;

import java.time.Duration;

/// Bounds of downloads.
///
/// @param originFetches concurrent reads from the origin in one download
/// @param leasePieces pieces that one download leases at a time
/// @param parents links to parents in one download
/// @param serveFor a finished download stays in its swarm for this long
/// @param aloneAfter without a scheduler for this long, missing pieces come from the origin
/// @param noSourceAfter without a new piece for this long a download that may not use the origin fails
/// @param decisionTtl an origin's yes to a caller's credentials holds for this long
public record DownloadConfig(
    int originFetches,
    int leasePieces,
    int parents,
    Duration serveFor,
    Duration aloneAfter,
    Duration noSourceAfter,
    Duration decisionTtl) {
  public static final DownloadConfig DEFAULT =
      new DownloadConfig(
          4,
          8,
          8,
          Duration.ofMinutes(30),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5));

  static final Duration DEFAULT_TIMEOUT = Duration.ofHours(2);
  static final Duration MAX_TIMEOUT = Duration.ofDays(7);
  static final Duration REJOIN_MIN = Duration.ofMillis(100);
  static final Duration REJOIN_MAX = Duration.ofSeconds(5);
  static final int MAX_SESSIONS = 4096;
  static final int MAX_CALLERS_PER_SESSION = 1024;
  static final int MAX_RESUMED = 1000;
}
