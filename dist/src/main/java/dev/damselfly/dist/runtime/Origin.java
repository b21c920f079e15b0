package dev.damselfly.dist.runtime;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.egress.Target;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.peer.proxy.Upstream;

/// Scheme, host and port of a registry or of the mirror, in one spelling.
///
/// @param scheme `http` or `https`
/// @param authority host name or IP literal, with the port unless it is the usual one
public record Origin(String scheme, String authority) {
  /// @param url `scheme://host` or `scheme://host:port`, with nothing behind it
  public static Origin of(String url) {
    String origin = Upstream.requireOrigin(url);
    Target target = Target.parse(origin);
    requireHost(target.host());
    return new Origin(target.scheme(), origin.substring(origin.indexOf("://") + 3));
  }

  /// The same for the mirror of this host.
  ///
  /// @throws InvalidValue for any other place: what is sent there are credentials, in the clear
  public static Origin ofMirror(String url) {
    Origin origin = of(url);
    String host = Target.parse(url).host();
    if (!origin.isPlain() || !host.equals("localhost") && !isLoopback(host)) {
      throw new InvalidValue("must be http:// with a loopback address: the mirror of a peer listens nowhere else");
    }
    return origin;
  }

  /// URL parsers let more through than names and addresses.
  private static void requireHost(String host) {
    if (host.indexOf(':') >= 0) {
      IpLiteral.parse(host);
    } else {
      var _ = new HostName(host);
    }
  }

  private static boolean isLoopback(String host) {
    try {
      return IpLiteral.parse(host).isLoopbackAddress();
    } catch (InvalidValue aName) {
      return false;
    }
  }

  boolean isPlain() {
    return scheme.equals("http");
  }

  @Override
  public String toString() {
    return scheme + "://" + authority;
  }
}
