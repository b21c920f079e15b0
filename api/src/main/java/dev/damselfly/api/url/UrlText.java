package dev.damselfly.api.url;

import dev.damselfly.api.error.InvalidValue;

/// What every URL text must satisfy before anybody reads its parts.
public final class UrlText {
  private UrlText() {}

  /// @throws InvalidValue for an empty or over-long text, outer spaces, control characters, backslashes and
  ///     broken surrogates
  public static void require(String text) {
    if (text.isEmpty() || text.length() > CanonicalUrl.MAX_BYTES) {
      throw new InvalidValue("must have 1 to " + CanonicalUrl.MAX_BYTES + " bytes");
    }
    if (text.charAt(0) == ' ' || text.charAt(text.length() - 1) == ' ') {
      throw new InvalidValue("must not begin or end with a space");
    }
    int bytes = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == '\\') {
        throw new InvalidValue("must not contain control characters or backslashes");
      }
      if (c >= 0xd800 && c <= 0xdfff) {
        throw new InvalidValue("must be well-formed Unicode");
      }
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x1_0000 ? 3 : 4;
      i += Character.charCount(c);
    }
    if (bytes > CanonicalUrl.MAX_BYTES) {
      throw new InvalidValue("must have 1 to " + CanonicalUrl.MAX_BYTES + " bytes");
    }
  }

  /// The authority, between `://` and the next `/`, `?` or `#`, holds an `@`. For texts that no parser has to accept.
  public static boolean hasUserInfo(String text) {
    int i = text.indexOf("://");
    if (i < 0) {
      return false;
    }
    for (i += 3; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '@') {
        return true;
      }
      if (c == '/' || c == '?' || c == '#') {
        return false;
      }
    }
    return false;
  }
}
