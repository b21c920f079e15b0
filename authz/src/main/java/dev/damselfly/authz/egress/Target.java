package dev.damselfly.authz.egress;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.url.CanonicalUrl;
import java.util.OptionalInt;

/// Where a URL wants to connect: the only form in which the gate looks at URLs, from the one URL parser there is.
///
/// @param scheme http or https
/// @param host lower-case ASCII name without trailing dot, IPv4 in dotted decimal, or IPv6 without brackets
/// @param port 1..65535
public record Target(String scheme, String host, int port) {
  public Target {
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new InvalidValue("only http and https are served");
    }
    if (host.isEmpty() || port < 1 || port > 65_535) {
      throw new InvalidValue("must name a host and a port");
    }
  }

  /// @throws InvalidValue for what is not an absolute http(s) URL, names a user, or spells its authority in a way that
  ///     two parsers could read differently
  public static Target parse(String url) {
    CanonicalUrl parsed = CanonicalUrl.parse(url);
    requirePlainAuthority(url);
    if (parsed.hasUserInfo()) {
      throw new InvalidValue("a user name or password in the URL is refused; send a header instead");
    }
    OptionalInt port = parsed.port();
    String host = parsed.host();
    return new Target(parsed.scheme(), host.endsWith(".") ? host.substring(0, host.length() - 1) : host, port.orElse(0));
  }

  /// The text of the authority itself: no escapes, no `@`, a port in plain decimal.
  private static void requirePlainAuthority(String url) {
    int start = url.indexOf("://");
    if (start < 1) {
      throw new InvalidValue("must be an absolute URL");
    }
    int end = start + 3;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
      end++;
    }
    String authority = url.substring(start + 3, end);
    if (authority.isEmpty() || authority.indexOf('%') >= 0 || authority.indexOf('@') >= 0) {
      throw new InvalidValue("the host must be spelled plainly, without escapes or user names");
    }
    int colon = authority.lastIndexOf(':');
    if (colon > authority.lastIndexOf(']')) {
      requirePlainPort(authority.substring(colon + 1));
    }
  }

  private static void requirePlainPort(String port) {
    if (!port.matches("[1-9][0-9]{0,4}")) {
      throw new InvalidValue("the port must be a plain decimal number in [1, 65535]");
    }
  }

  /// Same scheme, host and port: credentials for one may go to the other.
  public boolean sameOrigin(Target other) {
    return equals(other);
  }

  @Override
  public String toString() {
    return scheme + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
