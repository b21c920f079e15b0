package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.egress.Target;
import java.util.List;

/// A registry that this mirror stands for.
///
/// @param name as callers name it with `ns`, such as `registry.example.org` or `localhost:5000`
/// @param url scheme and authority, without a path: `https://registry-1.docker.io`
/// @param realms origins of token services other than the registry itself that its challenges may name
/// @param standard serves requests that name no registry
/// @param access who may use it, when the proxy has callers
public record Upstream(String name, String url, List<String> realms, boolean standard, Access access) {
  static final int MAX_REALMS = 16;

  public Upstream {
    realms = List.copyOf(realms);
  }

  /// For everybody who may use the proxy.
  public Upstream(String name, String url, List<String> realms, boolean standard) {
    this(name, url, realms, standard, Access.EVERYBODY);
  }

  /// Whether a client may be sent to this place with its credentials for the registry (S-PXY-4).
  boolean mayAuthenticateAt(String realm) {
    try {
      String origin = origin(Target.parse(realm));
      return origin.equals(url) || realms.contains(origin);
    } catch (InvalidValue notAUrl) {
      return false;
    }
  }

  /// Scheme and authority in one spelling.
  ///
  /// @throws InvalidValue for anything else than an http or https URL without path, query and user
  public static String requireOrigin(String text) {
    Target target = Target.parse(text);
    String origin = origin(target);
    String rest = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    boolean bare = rest.equals(origin) || rest.equals(origin + ":" + target.port());
    if (!bare) {
      throw new InvalidValue("must be scheme://host or scheme://host:port in lower case, without a path");
    }
    return origin;
  }

  private static String origin(Target target) {
    String host = target.host().indexOf(':') >= 0 ? "[" + target.host() + "]" : target.host();
    boolean usual = target.port() == (target.scheme().equals("https") ? 443 : 80);
    return target.scheme() + "://" + host + (usual ? "" : ":" + target.port());
  }
}
