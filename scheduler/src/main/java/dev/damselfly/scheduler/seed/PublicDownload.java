package dev.damselfly.scheduler.seed;

import dev.damselfly.api.wire.common.v2.Download;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What may be said to a seed about a download (S-SCH-5): nothing that could be a credential, no local path. That its
/// caller does not want to read from the origin itself is why the seed is asked, so it does not bind the seed.
public final class PublicDownload {
  private static final Set<String> NEGOTIATION =
      Set.of(
          "accept",
          "accept-encoding",
          "accept-language",
          "cache-control",
          "docker-distribution-api-version",
          "pragma",
          "range",
          "user-agent");

  /// What a program says to the proxy of an upstream daemon (peer.md section 7.2), which passes it on with the rest. It
  /// stands in fields of its own, or was for that proxy alone.
  private static final Set<String> TO_THE_PROXY =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "x-dragonfly-application",
          "x-dragonfly-content-for-calculating-task-id",
          "x-dragonfly-enable-task-id-based-blob-digest",
          "x-dragonfly-filtered-query-params",
          "x-dragonfly-force-hard-link",
          "x-dragonfly-output-path",
          "x-dragonfly-piece-length",
          "x-dragonfly-prefetch",
          "x-dragonfly-priority",
          "x-dragonfly-registry",
          "x-dragonfly-scheduling-policy",
          "x-dragonfly-tag",
          "x-dragonfly-use-p2p");

  private PublicDownload() {}

  /// The message for the seed; absent when the download carries anything that could be a credential.
  /// Unknown fields stay: they may be options that a newer seed knows.
  public static Optional<Download> of(Download download) {
    if (carriesCredentials(download)) {
      return Optional.empty();
    }
    var told = download.toBuilder();
    download.getRequestHeaderMap().keySet().stream()
        .filter(name -> TO_THE_PROXY.contains(name.toLowerCase(Locale.ROOT)))
        .forEach(told::removeRequestHeader);
    return Optional.of(
        told.setNeedBackToSource(true)
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
            .map(name -> name.toLowerCase(Locale.ROOT))
            .anyMatch(name -> !NEGOTIATION.contains(name) && !TO_THE_PROXY.contains(name));
    return headers
        || download.hasObjectStorage()
        || download.hasHdfs()
        || download.getCertificateChainCount() > 0
        || download.getHuggingFace().hasToken()
        || download.getModelScope().hasToken()
        || download.getOpenCsg().hasToken();
  }
}
