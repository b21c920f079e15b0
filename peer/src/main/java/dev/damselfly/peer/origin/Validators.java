package dev.damselfly.peer.origin;

import dev.damselfly.peer.content.ContentFacts;

/// What tells one version of a resource from another (RFC 9110 8.8).
final class Validators {
  private static final int MAX_LENGTH = 1024;

  private Validators() {}

  /// The strong entity tag; empty when there is none, a weak one, or nothing of the right form.
  static String etag(Answer answer) {
    return answer.header("etag").filter(Validators::isStrong).orElse("");
  }

  private static boolean isStrong(String tag) {
    if (tag.length() < 2 || tag.length() > MAX_LENGTH || !tag.startsWith("\"") || !tag.endsWith("\"")) {
      return false;
    }
    for (int i = 1; i < tag.length() - 1; i++) {
      char c = tag.charAt(i);
      if (c <= ' ' || c == '"' || c == 0x7f) {
        return false;
      }
    }
    return true;
  }

  static String lastModified(Answer answer) {
    return answer.header("last-modified").filter(text -> text.length() <= MAX_LENGTH).orElse("");
  }

  /// @throws dev.damselfly.api.error.RequestFailure.Refused ORIGIN_CHANGED (S-ORG-8)
  static void requireSame(Answer answer, ContentFacts pin) {
    if (!pin.etag().isEmpty()) {
      if (!pin.etag().equals(etag(answer))) {
        throw Refusals.changed("it has another entity tag");
      }
    } else if (!pin.lastModified().isEmpty() && !pin.lastModified().equals(lastModified(answer))) {
      throw Refusals.changed("it was modified at another time");
    }
  }
}
