package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.IpLiteral;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The registry mirror and proxy. Off unless its section stands in the configuration.
///
/// ```yaml
/// proxy:
///   listen: "127.0.0.1:65001"
///   callers:
///     credentials: /var/lib/damselfly/peer-proxy/callers
///   upstreams:
///     - name: docker.io
///       url: https://registry-1.docker.io
///       realms: ["https://auth.docker.io"]
///       default: true
///       this-host: true
///   forward:
///     - name: files.example.org
///       url: https://files.example.org
///       swarm: ["/releases/"]
///       callers: [ci]
/// ```
///
/// @param listen on loopback: what callers send could be read on the way
/// @param callers absent: every program of this host may use it, and there is no `forward`
/// @param upstreams the registries that it stands for
/// @param sites the web servers that it forwards to; upstreams and sites are at least one together
public record ProxyConfig(
    InetSocketAddress listen, Optional<ProxyCallers> callers, List<Upstream> upstreams, List<Site> sites) {
  static final int MAX_UPSTREAMS = 64;
  private static final InetSocketAddress NOWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Pattern LABEL = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");
  private static final int MAX_NAME = 253;

  public ProxyConfig {
    upstreams = List.copyOf(upstreams);
    sites = List.copyOf(sites);
  }

  /// A registry mirror for every program of this host.
  public ProxyConfig(InetSocketAddress listen, List<Upstream> upstreams) {
    this(listen, Optional.empty(), upstreams, List.of());
  }

  /// Notes problems in the section; the value counts only when `finish` of the root does not throw.
  ///
  /// @param address reads `address:port`
  public static Optional<ProxyConfig> read(ConfigReader root, Function<String, InetSocketAddress> address) {
    return read(root, address, ProxyCallers::read);
  }

  /// The same for whoever is not the daemon and has no business with its callers: their file is not opened.
  public static Optional<ProxyConfig> outline(ConfigReader root, Function<String, InetSocketAddress> address) {
    return read(root, address, ProxyCallers::unread);
  }

  private static Optional<ProxyConfig> read(
      ConfigReader root, Function<String, InetSocketAddress> address, Function<ConfigReader, ProxyCallers> reading) {
    boolean wanted = root.has("proxy");
    ConfigReader section = root.section("proxy");
    if (!wanted) {
      return Optional.empty();
    }
    InetSocketAddress listen = section.value("listen", text -> loopback(address.apply(text)), NOWHERE);
    Optional<ProxyCallers> callers =
        section.has("callers") ? Optional.of(reading.apply(section.section("callers"))) : Optional.empty();
    List<Upstream> upstreams = new ArrayList<>();
    section.sections("upstreams", MAX_UPSTREAMS).forEach(one -> upstreams.add(upstream(one, callers)));
    List<Site> sites = new ArrayList<>();
    section.sections("forward", MAX_UPSTREAMS).forEach(one -> sites.add(site(one, callers)));
    if (upstreams.isEmpty() && sites.isEmpty()) {
      section.problem("upstreams", "at least one is required");
    }
    if (callers.isEmpty() && !sites.isEmpty()) {
      section.problem("forward", "is for a proxy with callers");
    }
    requireDistinct(section, upstreams, sites);
    return Optional.of(new ProxyConfig(listen, callers, upstreams, sites));
  }

  private static InetSocketAddress loopback(InetSocketAddress address) {
    if (!address.getAddress().isLoopbackAddress()) {
      throw new InvalidValue("must be a loopback address: there is no TLS to the proxy");
    }
    return address;
  }

  private static Upstream upstream(ConfigReader section, Optional<ProxyCallers> callers) {
    String name = section.value("name", ProxyConfig::name, "unnamed");
    String url = section.value("url", Upstream::requireOrigin, "https://unnamed");
    List<String> realms = section.list("realms", Upstream.MAX_REALMS, Upstream::requireOrigin);
    if (url.startsWith("https:") && realms.stream().anyMatch(realm -> realm.startsWith("http:"))) {
      section.problem("realms", "must be https for a registry with https");
    }
    return new Upstream(name, url, realms, section.flag("default", false), Access.read(section, callers));
  }

  private static Site site(ConfigReader section, Optional<ProxyCallers> callers) {
    String name = section.value("name", ProxyConfig::name, "unnamed");
    String url = section.value("url", Upstream::requireOrigin, "https://unnamed");
    List<String> swarm = section.list("swarm", Site.MAX_PREFIXES, Site::requirePrefix);
    return new Site(name, url, swarm, section.flag("default", false), Access.read(section, callers));
  }

  /// A host name or IP literal, and perhaps a port, in the one spelling that Host has.
  private static String name(String text) {
    boolean literal = text.startsWith("[");
    int end = literal ? text.indexOf(']') + 1 : text.lastIndexOf(':') < 0 ? text.length() : text.lastIndexOf(':');
    String host = text.substring(0, end);
    String port = text.substring(end);
    boolean good = port.isEmpty() || port.matches(":[1-9][0-9]{0,4}") && Integer.parseInt(port.substring(1)) <= 65_535;
    if (!good || !(literal ? isAddress(host) : isHost(host))) {
      throw new InvalidValue("must be a host name or IP address in lower case with an optional port");
    }
    return text;
  }

  /// RFC 1123 2.1; one that ends with a number can only be an IPv4 address.
  private static boolean isHost(String text) {
    if (text.length() > MAX_NAME || !Stream.of(text.split("\\.", -1)).allMatch(label -> LABEL.matcher(label).matches())) {
      return false;
    }
    String last = text.substring(text.lastIndexOf('.') + 1);
    return !last.chars().allMatch(c -> c >= '0' && c <= '9') || isLiteral(text);
  }

  private static boolean isAddress(String bracketed) {
    return bracketed.contains(":") && isLiteral(bracketed.substring(1, bracketed.length() - 1));
  }

  private static boolean isLiteral(String text) {
    try {
      IpLiteral.parse(text);
      return text.equals(text.toLowerCase(Locale.ROOT));
    } catch (InvalidValue other) {
      return false;
    }
  }

  private static void requireDistinct(ConfigReader section, List<Upstream> upstreams, List<Site> sites) {
    var names = new HashSet<String>();
    upstreams.stream().filter(one -> !names.add(one.name())).forEach(_ -> section.problem("upstreams", "a name must not stand twice"));
    sites.stream().filter(one -> !names.add(one.name())).forEach(_ -> section.problem("forward", "a name must not stand twice"));
    if (upstreams.stream().map(Upstream::url).distinct().count() < upstreams.size()) {
      section.problem("upstreams", "a url must not stand twice");
    }
    if (upstreams.stream().filter(Upstream::standard).count() > 1) {
      section.problem("upstreams", "only one can be the default");
    }
    if (sites.stream().filter(Site::standard).count() > 1) {
      section.problem("forward", "only one can be the default");
    }
  }
}
