package dev.damselfly.fuzz;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.peer.origin.Redirects;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where an origin's redirect leads: a URL, a line end, and the `Location` of its answer. Beside it the transformation of
/// RFC 3986 5.2.2 as it stands there.
final class RedirectFuzz implements Target {
  private static final Pattern PARTS =
      Pattern.compile("(?s)(([^:/?#]+):)?(//([^/?#]*))?([^?#]*)(\\?([^#]*))?(#(.*))?"); // RFC 3986 appendix B

  public static void fuzzerTestOneInput(byte[] input) {
    new RedirectFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    String text = TextTargets.text(input);
    int end = text.indexOf('\n');
    String location = text.substring(end + 1);
    Optional<String> from = end < 0 ? Optional.empty() : accepted(() -> Redirects.target(text.substring(0, end)));
    Accepted.note(from.isPresent());
    if (from.isEmpty()) {
      return;
    }
    requireWritable(from.get());
    Optional<String> to = accepted(() -> Redirects.follow(from.get(), location));
    to.ifPresent(RedirectFuzz::requireWritable);
    if (!location.isEmpty() && !to.equals(accepted(() -> Redirects.target(model(from.get(), location))))) {
      throw new AssertionError("a redirect leads elsewhere than RFC 3986 5.2 says");
    }
  }

  private static Optional<String> accepted(Supplier<String> attempt) {
    try {
      return Optional.of(attempt.get());
    } catch (InvalidValue refused) {
      return Optional.empty();
    }
  }

  /// One field of a request line: no byte of it ends the field or the line.
  private static void requireWritable(String target) {
    if (!target.chars().allMatch(c -> c > ' ' && c < 0x7f) || target.indexOf('#') >= 0) {
      throw new AssertionError("a request line cannot carry this target");
    }
  }

  private static String model(String base, String reference) {
    Matcher b = PARTS.matcher(base);
    Matcher r = PARTS.matcher(reference);
    if (!b.matches() || !r.matches()) {
      throw new AssertionError("every text matches");
    }
    if (r.group(1) != null) {
      return reference;
    }
    String fragment = r.group(8) == null ? "" : r.group(8);
    String query = r.group(6) == null ? "" : r.group(6);
    if (r.group(3) != null) {
      return b.group(1) + r.group(3) + r.group(5) + query + fragment;
    }
    String place = b.group(1) + b.group(3);
    if (r.group(5).isEmpty()) {
      return place + b.group(5) + (r.group(6) == null && b.group(6) != null ? b.group(6) : query) + fragment;
    }
    String directory = r.group(5).startsWith("/") ? "" : b.group(5).substring(0, b.group(5).lastIndexOf('/') + 1);
    return place + directory + r.group(5) + query + fragment;
  }

  @Override
  public String name() {
    return "redirect";
  }

  @Override
  public String oracle() {
    return "a redirect leads where the transformation of RFC 3986 5.2.2 leads; a target fits into a request line";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(Redirects.class);
  }

  @Override
  public List<byte[]> seeds() {
    var texts = new ArrayList<String>();
    for (String location :
        List.of(
            "g", "./g", "g/", "/g", "//h", "//h:1/g?y", "?y", "g?y", "#s", "g#s", "g?y#s", ";x", "", ".", "./", "..", "../g", "../../../g",
            "g/./h", "g;x=1/../y", "http:g", "https://h/", "ftp://h/", "a:b", ":", "g?y/../x", "http://user@h/", "//[::1]:8/g", "%2e%2e/g",
            "\u00e4?\u00f6", "g h", "//")) {
      texts.add("http://a/b/c/d;p?q\n" + location);
    }
    for (String from : List.of("https://a", "http://[::1]:8/x#f?y", "http://a?b=<\u00e4>\"", "http://a/%7e/../b?c", "http://u@a/", "ftp://a/")) {
      texts.add(from + "\ng?y");
    }
    return TextTargets.seeds(texts.toArray(String[]::new));
  }
}
