package dev.damselfly.peer.boot;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.EgressPolicy;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.peer.control.LocalConfig;
import dev.damselfly.peer.download.DownloadConfig;
import dev.damselfly.peer.legacy.LegacyParentsConfig;
import dev.damselfly.peer.proxy.ProxyConfig;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.tools.ToolsConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;

/// Configuration of a peer or seed peer. Host name, cluster and role are those of its SVID.
///
/// @param listen address of the upload service; port 0 takes a free one
/// @param pieceListen address of the piece listener; port 0 takes a free one
/// @param place ip that others reach this host at, and its labels
/// @param manager where the manager serves
/// @param storeDirectory content; private to the daemon
/// @param legacy the listeners without TLS; absent, as by default, means there are none
public record PeerConfig(
    InetSocketAddress listen,
    InetSocketAddress pieceListen,
    Place place,
    HostPort manager,
    Path storeDirectory,
    StoreConfig store,
    LocalConfig local,
    PeerDownloads downloads,
    Optional<Legacy> legacy) {
  private static final HostPort NOWHERE = new HostPort("127.0.0.1", 1);

  /// Without legacy listeners.
  public PeerConfig(
      InetSocketAddress listen,
      InetSocketAddress pieceListen,
      Place place,
      HostPort manager,
      Path storeDirectory,
      StoreConfig store,
      LocalConfig local,
      PeerDownloads downloads) {
    this(listen, pieceListen, place, manager, storeDirectory, store, local, downloads, Optional.empty());
  }

  /// Where children without an identity come.
  ///
  /// @param listener of the upload service
  /// @param pieceListen of the plain piece listener; it admits the same addresses
  public record Legacy(LegacyConfig listener, InetSocketAddress pieceListen) {}

  /// Where this host is.
  public record Place(String ip, String idc, String location) {}

  /// How it downloads.
  ///
  /// @param proxy the registry mirror, if it is wanted
  /// @param tools the socket of upstream's tools, if it is wanted
  /// @param legacyParents hosts without an identity that may be asked for content of a known digest, if any
  public record PeerDownloads(
      DownloadConfig sessions,
      EgressPolicy egress,
      Optional<ProxyConfig> proxy,
      Optional<ToolsConfig> tools,
      Optional<LegacyParentsConfig> legacyParents) {}

  /// Notes problems in the reader; the value counts only when `finish` of the root does not throw.
  public static PeerConfig read(ConfigReader reader) {
    var listen = reader.value("listen", PeerConfig::address, new InetSocketAddress(0));
    var pieces = reader.value("piece-listen", PeerConfig::address, new InetSocketAddress(0));
    String ip = reader.valueOr("ip", PeerConfig::literal, listen.getAddress() == null ? "127.0.0.1" : IpLiteral.text(listen.getAddress()));
    var place = new Place(ip, reader.text("idc", ""), reader.text("location", ""));
    var manager = reader.value("manager", HostPort::parse, NOWHERE);
    var store = reader.section("store");
    Path directory = required(store, "directory");
    var bounds = store(store);
    var local = local(reader.section("local"));
    var downloads = downloads(reader);
    requireApart(reader, local, downloads);
    return new PeerConfig(listen, pieces, place, manager, directory, bounds, local, downloads, legacy(reader, IpLiteral.parse(ip)));
  }

  /// The mode of a socket's directory follows from who may use the socket.
  private static void requireApart(ConfigReader reader, LocalConfig local, PeerDownloads downloads) {
    var directory = Optional.ofNullable(local.socket().getParent());
    if (downloads.tools().map(tools -> tools.socket().getParent()).filter(directory.stream().toList()::contains).isPresent()) {
      reader.problem("download-socket", "must have its socket in another directory than local.socket");
    }
  }

  private static Optional<Legacy> legacy(ConfigReader reader, InetAddress dialled) {
    if (!reader.has("legacy")) {
      return Optional.empty();
    }
    var section = reader.section("legacy");
    var listener = LegacyConfig.section(section, dialled);
    var pieces = section.value("piece-listen", LegacyConfig::address, new InetSocketAddress(0));
    requireAnnounceable(section, "listen", listener.listen());
    requireAnnounceable(section, "piece-listen", pieces);
    return Optional.of(new Legacy(listener, pieces));
  }

  /// Ports that the API can tell to children.
  private static void requireAnnounceable(ConfigReader section, String key, InetSocketAddress address) {
    int port = address.getPort();
    if (port != 0 && (port < 1024 || port > 65_534)) {
      section.problem(key, "must have a port in [1024, 65534], or 0");
    }
  }

  private static StoreConfig store(ConfigReader store) {
    int high = store.integer("high-percent", 80, 2, 99);
    int low = store.integer("low-percent", 60, 1, 98);
    if (low >= high) {
      store.problem("low-percent", "must be below high-percent");
      low = high - 1;
    }
    return new StoreConfig(
        store.bytes("quota", 50L << 30, 64L << 20, 1L << 50),
        high,
        low,
        store.duration("task-ttl", Duration.ofDays(30), Duration.ofMinutes(1), Duration.ofDays(3650)));
  }

  private static LocalConfig local(ConfigReader local) {
    Path socket = required(local, "socket");
    var users = new HashSet<>(local.list("users", 256, text -> text));
    return new LocalConfig(
        socket, users, local.optional("group"), LocalConfig.DEFAULT_CONNECTIONS, LocalConfig.DEFAULT_PER_USER);
  }

  private static PeerDownloads downloads(ConfigReader reader) {
    var standard = DownloadConfig.DEFAULT;
    var section = reader.section("download");
    var sessions =
        new DownloadConfig(
            section.integer("origin-fetches", standard.originFetches(), 1, 64),
            section.integer("lease-pieces", standard.leasePieces(), 1, 1024),
            section.integer("parents", standard.parents(), 1, 20),
            section.duration("serve-for", standard.serveFor(), Duration.ZERO, Duration.ofDays(7)),
            section.duration("alone-after", standard.aloneAfter(), Duration.ofSeconds(1), Duration.ofHours(1)),
            section.duration("no-source-after", standard.noSourceAfter(), Duration.ofSeconds(1), Duration.ofHours(1)),
            section.duration("decision-ttl", standard.decisionTtl(), Duration.ofSeconds(1), Duration.ofHours(1)));
    return new PeerDownloads(
        sessions,
        EgressPolicy.read(reader.section("egress")),
        ProxyConfig.read(reader, PeerConfig::address),
        tools(reader),
        LegacyParentsConfig.read(reader));
  }

  private static Optional<ToolsConfig> tools(ConfigReader reader) {
    if (!reader.has("download-socket")) {
      return Optional.empty();
    }
    var section = reader.section("download-socket");
    Path socket = required(section, "socket");
    var users = new HashSet<>(section.list("users", 256, text -> text));
    var outputs = section.list("output-directories", 64, PeerConfig::directory);
    return Optional.of(new ToolsConfig(socket, users, section.optional("group"), outputs));
  }

  private static Path directory(String text) {
    try {
      Path path = Path.of(text);
      if (path.isAbsolute() && path.equals(path.normalize())) {
        return path;
      }
    } catch (InvalidPathException e) {
      throw new InvalidValue("must be a path of this system");
    }
    throw new InvalidValue("must be an absolute path without '.' and '..'");
  }

  private static Path required(ConfigReader section, String key) {
    var path = section.path(key);
    if (path.isEmpty() && !section.has(key)) {
      section.problem(key, "is required");
    }
    return path.orElse(Path.of("/"));
  }

  private static String literal(String text) {
    return IpLiteral.text(IpLiteral.parse(text));
  }

  /// `address:port` with a literal address: what a name stands for could change between two starts.
  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (colon < 1 || !port.matches("0|[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65_535) {
      throw new InvalidValue("must be address:port");
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    return new InetSocketAddress(
        IpLiteral.parse(bracketed ? host.substring(1, host.length() - 1) : host), Integer.parseInt(port));
  }
}
