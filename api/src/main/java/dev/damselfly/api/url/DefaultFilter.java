package dev.damselfly.api.url;

import java.util.List;

/// The query parameters that do not count unless a caller says otherwise: signatures and dates of object stores, and
/// the mirror parameter of containerd.
public final class DefaultFilter {
  public static final List<String> NAMES =
      List.of(
          // S3
          "X-Amz-Algorithm",
          "X-Amz-Credential",
          "X-Amz-Date",
          "X-Amz-Expires",
          "X-Amz-SignedHeaders",
          "X-Amz-Signature",
          "X-Amz-Security-Token",
          "X-Amz-User-Agent",
          // GCS
          "X-Goog-Algorithm",
          "X-Goog-Credential",
          "X-Goog-Date",
          "X-Goog-Expires",
          "X-Goog-SignedHeaders",
          "X-Goog-Signature",
          // OSS, OBS
          "OSSAccessKeyId",
          "Expires",
          "Signature",
          "SecurityToken",
          "AccessKeyId",
          "X-Obs-Date",
          "X-Obs-Security-Token",
          // COS
          "q-sign-algorithm",
          "q-ak",
          "q-sign-time",
          "q-key-time",
          "q-header-list",
          "q-url-param-list",
          "q-signature",
          "x-cos-security-token",
          // containerd
          "ns");

  private DefaultFilter() {}
}
