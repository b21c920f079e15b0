package dev.damselfly.scheduler.seed;

import dev.damselfly.api.wire.common.v2.Download;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What may be said to a seed about a download (S-SCH-5): nothing that could be a credential, no local path. That its
/// caller does not want to read from the origin itself is why the seed is asked, so it does not bind the seed.
public final class PublicDownload {
  private static final Set<String> NEGOTIATION =
      Set.of("accept", "accept-encoding", "accept-language", "cache-control", "pragma", "range", "user-agent");

  private PublicDownload() {}

  /// The message for the seed; absent when the download carries anything that could be a credential.
  /// Unknown fields stay: they may be options that a newer seed knows.
  public static Optional<Download> of(Download download) {
    if (carriesCredentials(download)) {
      return Optional.empty();
    }
    return Optional.of(
        download.toBuilder()
            .setNeedBackToSource(true)
            .clearDisableBackToSource()
            .clearOutputPath()
            .clearOverwrite()
            .clearForceHardLink()
            .clearRemoteIp()
            .build());
  }

  private static boolean carriesCredentials(Download download) {
    boolean headers =
        download.getRequestHeaderMap().keySet().stream()
            .anyMatch(name -> !NEGOTIATION.contains(name.toLowerCase(Locale.ROOT)));
    return headers
        || download.hasObjectStorage()
        || download.hasHdfs()
        || download.getCertificateChainCount() > 0
        || download.getHuggingFace().hasToken()
        || download.getModelScope().hasToken()
        || download.getOpenCsg().hasToken();
  }
}
