package dev.damselfly.manager.application;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.manager.document.TextPattern;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/// An application as the operator declares it: downloads that name it get its priority.
///
/// @param name 1..1024 characters
/// @param url absolute URI, at most 8 KiB
/// @param bio text for people, at most 1024 characters
public record ApplicationSpec(String name, String url, String bio, Priority priority) {
  public static final int MAX_TEXT = 1024;
  public static final int MAX_URL = 8 << 10;

  public ApplicationSpec {
    if (name.isEmpty() || name.length() > MAX_TEXT || bio.length() > MAX_TEXT) {
      throw new InvalidValue("name has 1 to 1024 characters, bio at most 1024");
    }
    if (url.length() > MAX_URL || !isAbsolute(url)) {
      throw new InvalidValue("url must be an absolute URI of at most 8 KiB");
    }
  }

  private static boolean isAbsolute(String url) {
    try {
      return new URI(url).isAbsolute();
    } catch (URISyntaxException e) {
      return false;
    }
  }

  /// @param level of downloads that no pattern matches, 0..20
  /// @param urls at most 100 patterns, the first that matches decides
  public record Priority(int level, List<UrlPriority> urls) {
    public static final int MAX_URLS = 100;

    public Priority {
      requireLevel(level);
      if (urls.size() > MAX_URLS) {
        throw new InvalidValue("an application has at most 100 url patterns");
      }
      urls = List.copyOf(urls);
    }
  }

  /// @param level of downloads whose URL matches, 0..20
  public record UrlPriority(TextPattern regex, int level) {
    public UrlPriority {
      requireLevel(level);
    }
  }

  private static void requireLevel(int level) {
    if (level < 0 || level > 20) {
      throw new InvalidValue("a priority must be in [0, 20]");
    }
  }
}
