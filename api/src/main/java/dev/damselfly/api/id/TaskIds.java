package dev.damselfly.api.id;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.OptionalLong;

/// The id functions of the wire (client 1.5.10): plain concatenation, which is why an id alone proves nothing about
/// its resource; see [TaskTuple#fingerprint].
///
/// Absent and empty tag, application and revision are the same.
public final class TaskIds {
  private TaskIds() {}

  /// Input of [#url].
  ///
  /// @param canonicalUrl text of a canonical URL
  record UrlInput(String canonicalUrl, String tag, String application, String revision, OptionalLong pieceLength) {
    @Override
    public String toString() {
      return "UrlInput"; // the URL may hold credentials
    }
  }

  static TaskId url(UrlInput input) {
    MessageDigest digest = Sha256.newDigest();
    add(digest, input.canonicalUrl);
    add(digest, input.tag);
    add(digest, input.application);
    add(digest, input.revision);
    addLength(digest, input.pieceLength);
    add(digest, "STANDARD");
    return finish(digest);
  }

  /// A standard or persistent-cache task whose id the caller chose by a text.
  public static TaskId content(String content) {
    MessageDigest digest = Sha256.newDigest();
    add(digest, content);
    return finish(digest);
  }

  /// A persistent task.
  ///
  /// @param url as given, not canonicalised
  public static TaskId persistent(String url, String region, String endpoint) {
    MessageDigest digest = Sha256.newDigest();
    add(digest, url);
    add(digest, region);
    add(digest, endpoint);
    add(digest, "PERSISTENT");
    return finish(digest);
  }

  /// A persistent-cache task of a file.
  ///
  /// @param fileBytes SHA-256 that has seen all bytes of the file and nothing else; finished by this call
  public static TaskId persistentCache(
      MessageDigest fileBytes, String tag, String application, OptionalLong pieceLength) {
    add(fileBytes, tag);
    add(fileBytes, application);
    addLength(fileBytes, pieceLength);
    add(fileBytes, "PERSISTENT_CACHE");
    return finish(fileBytes);
  }

  private static void add(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void addLength(MessageDigest digest, OptionalLong length) {
    if (length.isPresent()) {
      add(digest, Long.toString(length.getAsLong()));
    }
  }

  private static TaskId finish(MessageDigest digest) {
    return new TaskId(HexFormat.of().formatHex(digest.digest()));
  }
}
