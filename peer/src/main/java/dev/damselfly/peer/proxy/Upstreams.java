package dev.damselfly.peer.proxy;

import dev.damselfly.authz.egress.IpLiteral;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Chooses the registry of a request: always a configured one, never an address that the request brings (S-PXY-5). Immutable.
final class Upstreams {
  private final List<Upstream> all;

  Upstreams(List<Upstream> all) {
    this.all = List.copyOf(all);
  }

  /// A request selects by the header `X-Dragonfly-Registry` (the URL), the parameter `ns` (the name), or by its authority
  /// (the name); what it says must not contradict itself. One that says nothing gets the default, or the only one.
  ///
  /// @param local where the mirror listens
  /// @throws Refusal 421 for another host, 404 for an unknown registry, 400 for a contradiction
  Upstream choose(RequestHead head, Map<String, String> parameters, InetSocketAddress local) {
    var chosen = new HashSet<Upstream>();
    if (!isOwn(head.authority(), local)) {
      chosen.add(
          byName(head.authority())
              .orElseThrow(() -> new Refusal(421, Refusal.Code.DENIED, "host must be this mirror or a registry of its configuration")));
    } else if (head.absolute()) {
      throw new Refusal(421, Refusal.Code.DENIED, "an http URL as target must name a registry of the mirror's configuration");
    }
    head.header("x-dragonfly-registry")
        .ifPresent(url -> chosen.add(byUrl(url).orElseThrow(Upstreams::unknown)));
    Optional.ofNullable(parameters.get("ns")).ifPresent(name -> chosen.add(byName(name).orElseThrow(Upstreams::unknown)));
    if (chosen.size() > 1) {
      throw Refusal.malformed("the request names two registries");
    }
    return chosen.stream().findFirst().or(this::standard).orElseThrow(Upstreams::unknown);
  }

  /// Other names would let a web page that a browser on this host shows read from the mirror (DNS rebinding).
  static boolean isOwn(String authority, InetSocketAddress local) {
    String literal = IpLiteral.text(local.getAddress());
    String host = literal.indexOf(':') >= 0 ? "[" + literal + "]" : literal;
    String port = ":" + local.getPort();
    return List.of(host + port, "localhost" + port, "127.0.0.1" + port, "[::1]" + port).contains(authority);
  }

  private Optional<Upstream> byName(String name) {
    return all.stream().filter(upstream -> upstream.name().equals(name)).findFirst();
  }

  private Optional<Upstream> byUrl(String url) {
    String bare = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    return all.stream().filter(upstream -> upstream.url().equals(bare)).findFirst();
  }

  private Optional<Upstream> standard() {
    return all.size() == 1 ? Optional.of(all.getFirst()) : all.stream().filter(Upstream::standard).findFirst();
  }

  private static Refusal unknown() {
    return new Refusal(404, Refusal.Code.NAME_UNKNOWN, "the request names no registry of the mirror's configuration");
  }
}
