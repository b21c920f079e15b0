package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// The registry mirror. Off unless its section stands in the configuration.
///
/// ```yaml
/// proxy:
///   listen: "127.0.0.1:65001"
///   upstreams:
///     - name: docker.io
///       url: https://registry-1.docker.io
///       realms: ["https://auth.docker.io"]
///       default: true
/// ```
///
/// @param listen on loopback: callers bring credentials for registries, and nothing proves who they are
/// @param upstreams the registries that it stands for; at least one
public record ProxyConfig(InetSocketAddress listen, List<Upstream> upstreams) {
  static final int MAX_UPSTREAMS = 64;
  private static final InetSocketAddress NOWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  public ProxyConfig {
    upstreams = List.copyOf(upstreams);
  }

  /// Notes problems in the section; the value counts only when `finish` of the root does not throw.
  ///
  /// @param address reads `address:port`
  public static Optional<ProxyConfig> read(ConfigReader root, Function<String, InetSocketAddress> address) {
    boolean wanted = root.has("proxy");
    ConfigReader section = root.section("proxy");
    if (!wanted) {
      return Optional.empty();
    }
    InetSocketAddress listen = section.value("listen", text -> loopback(address.apply(text)), NOWHERE);
    List<Upstream> upstreams = new ArrayList<>();
    section.sections("upstreams", MAX_UPSTREAMS).forEach(one -> upstreams.add(upstream(one)));
    if (upstreams.isEmpty()) {
      section.problem("upstreams", "at least one is required");
    }
    requireDistinct(section, upstreams);
    return Optional.of(new ProxyConfig(listen, upstreams));
  }

  private static InetSocketAddress loopback(InetSocketAddress address) {
    if (!address.getAddress().isLoopbackAddress()) {
      throw new InvalidValue("must be a loopback address: callers of the mirror are not authenticated");
    }
    return address;
  }

  private static Upstream upstream(ConfigReader section) {
    String name = section.value("name", ProxyConfig::name, "unnamed");
    String url = section.value("url", Upstream::requireOrigin, "https://unnamed");
    List<String> realms = section.list("realms", Upstream.MAX_REALMS, Upstream::requireOrigin);
    if (url.startsWith("https:") && realms.stream().anyMatch(realm -> realm.startsWith("http:"))) {
      section.problem("realms", "must be https for a registry with https");
    }
    return new Upstream(name, url, realms, section.flag("default", false));
  }

  private static String name(String text) {
    if (!text.matches("[a-z0-9](?:[a-z0-9.:-]{0,251}[a-z0-9])?")) {
      throw new InvalidValue("must be a host in lower case with an optional port");
    }
    return text;
  }

  private static void requireDistinct(ConfigReader section, List<Upstream> upstreams) {
    var names = new HashSet<String>();
    var urls = new HashSet<String>();
    for (Upstream upstream : upstreams) {
      if (!names.add(upstream.name())) {
        section.problem("upstreams", "a name must not stand twice");
      }
      if (!urls.add(upstream.url())) {
        section.problem("upstreams", "a url must not stand twice");
      }
    }
    if (upstreams.stream().filter(Upstream::standard).count() > 1) {
      section.problem("upstreams", "only one can be the default");
    }
  }
}
