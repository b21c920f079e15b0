package dev.damselfly.peer.origin;

import dev.damselfly.api.error.InvalidValue;
import org.jspecify.annotations.NullMarked;

/// Where a request goes, for tests of other packages.
@NullMarked
public final class Redirects {
  private Redirects() {}

  /// @return scheme, host, port and what stands in the request line
  /// @throws InvalidValue when it is no URL of an origin
  public static String target(String url) {
    return text(Target.parse(url));
  }

  /// The same for a `Location` in the answer of `url`.
  ///
  /// @throws InvalidValue when either is none
  public static String follow(String url, String location) {
    return text(Target.parse(url).resolve(location));
  }

  private static String text(Target target) {
    Place place = target.place();
    String host = place.host().indexOf(':') >= 0 ? "[" + place.host() + "]" : place.host();
    return place.scheme() + "://" + host + ":" + place.port() + target.requestTarget();
  }
}
