package dev.damselfly.peer.download;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.TaskType;
import dev.damselfly.authz.block.BlockQuestion;
import dev.damselfly.peer.origin.OriginRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Step 1 and 2: turns a request into values, or refuses it. Pure.
///
/// @param origin what would be asked at the origin, with the caller's headers
/// @param digest that the whole content must have, by the caller's word or by the URL of an image layer
/// @param mayUseOrigin content may be read from the origin
record Admission(
    TaskTuple tuple,
    OriginRequest origin,
    Optional<ByteRange> range,
    Optional<Digest> digest,
    boolean mayUseOrigin,
    Download priorities,
    Duration timeout,
    String label) {
  static final int MAX_LABEL = 4096;
  private static final Set<String> SCHEMES = Set.of("http", "https");

  /// @throws dev.damselfly.api.error.RequestFailure naming field and rule
  static Admission of(GetSpec spec) {
    Download download = spec.download();
    refuseForbidden(download);
    refuseUnserved(download);
    TaskTuple tuple = TaskTuple.of(download);
    requireHttp(tuple);
    Optional<ByteRange> range = range(download);
    Optional<Digest> asked =
        download.hasDigest() && !download.getDigest().isEmpty()
            ? Optional.of(Field.parse("download.digest", () -> Digest.parse(download.getDigest())))
            : Optional.empty();
    return new Admission(
        tuple,
        new OriginRequest(tuple.url(), download.getRequestHeaderMap()),
        range,
        asked.isPresent() ? asked : range.isPresent() ? Optional.empty() : byUrl(tuple),
        !download.getDisableBackToSource(),
        priorities(download),
        timeout(spec.timeout()),
        label(spec.label()));
  }

  /// Powers over this machine and over its protection (S-DLG-1).
  private static void refuseForbidden(Download download) {
    forbid(download.hasOutputPath(), "download.output_path: the caller writes its own file");
    forbid(download.getOverwrite(), "download.overwrite: the caller writes its own file");
    forbid(download.getForceHardLink(), "download.force_hard_link: output never shares storage with the cache");
    forbid(download.getCertificateChainCount() > 0, "download.certificate_chain: authorities are configured per origin");
    forbid(
        download.hasObjectStorage() && download.getObjectStorage().hasCredentialPath(),
        "download.object_storage.credential_path: the daemon opens no file for a caller");
    forbid(
        download.hasObjectStorage() && download.getObjectStorage().getInsecureSkipVerify(),
        "download.object_storage.insecure_skip_verify: TLS of origins is always verified");
    forbid(download.hasRemoteIp(), "download.remote_ip: the caller is known by the connection");
  }

  private static void forbid(boolean set, String text) {
    if (set) {
      throw new Refused(Reason.FORBIDDEN_FIELD, text);
    }
  }

  private static void refuseUnserved(Download download) {
    boolean other =
        download.hasObjectStorage()
            || download.hasHdfs()
            || download.hasHuggingFace()
            || download.hasModelScope()
            || download.hasOpenCsg()
            || download.getMetadataOnly()
            || download.getType() != TaskType.STANDARD;
    if (other) {
      throw new Refused(Reason.NOT_SERVED, "download: only standard downloads over http and https are served");
    }
  }

  private static void requireHttp(TaskTuple tuple) {
    if (!SCHEMES.contains(tuple.canonicalUrl().scheme())) {
      throw new Malformed("download.url", "must be an http or https URL");
    }
    if (tuple.canonicalUrl().hasUserInfo()) {
      throw new Malformed("download.url", "must not carry a user or password; send a header");
    }
  }

  private static Optional<ByteRange> range(Download download) {
    if (!download.hasRange()) {
      return Optional.empty();
    }
    return Optional.of(
        Field.parse("download.range", () -> new ByteRange(download.getRange().getStart(), download.getRange().getLength())));
  }

  /// A layer's URL names the digest of its bytes.
  private static Optional<Digest> byUrl(TaskTuple tuple) {
    return switch (tuple.form()) {
      case BLOB_DIGEST, MANIFEST_DIGEST -> Optional.of(new Digest(Digest.Algorithm.SHA256, tuple.id().value()));
      case URL, CONTENT_KEY -> Optional.empty();
    };
  }

  private static Download priorities(Download download) {
    return Download.newBuilder()
        .setPriority(download.getPriority())
        .setSchedulingPolicy(download.getSchedulingPolicy())
        .setDisableBackToSource(download.getDisableBackToSource())
        .setNeedBackToSource(download.getNeedBackToSource())
        .build();
  }

  private static Duration timeout(Duration asked) {
    if (asked.isZero()) {
      return DownloadConfig.DEFAULT_TIMEOUT;
    }
    if (asked.isNegative() || asked.compareTo(DownloadConfig.MAX_TIMEOUT) > 0) {
      throw new Malformed("timeout", "must be in [1 s, 7 d]");
    }
    return asked;
  }

  private static String label(String label) {
    return Field.parse(
        "output_label",
        () -> {
          if (label.length() > MAX_LABEL || label.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw new InvalidValue("has at most 4096 characters, none of them a control character");
          }
          return label;
        });
  }

  /// What block lists look at.
  BlockQuestion forBlockList() {
    return new BlockQuestion(tuple.canonicalUrl(), tuple.application(), tuple.tag(), priorities.getPriorityValue());
  }

  @Override
  public String toString() {
    return "Admission[" + tuple + "]";
  }
}
