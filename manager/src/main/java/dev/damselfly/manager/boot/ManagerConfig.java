package dev.damselfly.manager.boot;

import com.google.common.net.InetAddresses;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.application.ApplicationSpec.Priority;
import dev.damselfly.manager.application.ApplicationSpec.UrlPriority;
import dev.damselfly.manager.application.ApplicationSpec;
import dev.damselfly.manager.cluster.ClusterLimits;
import dev.damselfly.manager.cluster.ClusterName;
import dev.damselfly.manager.cluster.ClusterSpec;
import dev.damselfly.manager.cluster.Scopes;
import dev.damselfly.manager.document.TextPattern;
import dev.damselfly.manager.store.DatabaseLocation;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/// Configuration of the manager.
///
/// @param listen address to serve on; port 0 takes a free one
/// @param clusters 1..100 with different names, at most one of them the default
/// @param applications at most 1000 with different names
/// @param legacy the listener without TLS; absent, as by default, means there is none
public record ManagerConfig(
    InetSocketAddress listen,
    DatabaseLocation database,
    List<ClusterSpec> clusters,
    List<ApplicationSpec> applications,
    Optional<Legacy> legacy) {
  public static final int MAX_CLUSTERS = 100;
  public static final int MAX_APPLICATIONS = 1000;

  private static final ClusterSpec STAND_IN =
      new ClusterSpec(new ClusterName("none"), "", false, Scopes.NONE, ClusterLimits.DEFAULT, List.of());
  private static final Priority NO_PRIORITY = new Priority(0, List.of());

  /// What programs without an identity are told.
  ///
  /// @param cluster the one cluster whose schedulers they learn
  /// @param schedulerPort port of the legacy listener of every scheduler of that cluster, 1..65535
  public record Legacy(LegacyConfig listener, ClusterName cluster, int schedulerPort) {}

  /// Without a legacy listener.
  public ManagerConfig(
      InetSocketAddress listen, DatabaseLocation database, List<ClusterSpec> clusters, List<ApplicationSpec> applications) {
    this(listen, database, clusters, applications, Optional.empty());
  }

  public ManagerConfig {
    if (clusters.isEmpty() || clusters.size() > MAX_CLUSTERS) {
      throw new InvalidValue("there must be 1 to 100 clusters");
    }
    if (!areDifferent(clusters, ClusterSpec::name)) {
      throw new InvalidValue("clusters must have different names");
    }
    if (clusters.stream().filter(ClusterSpec::isDefault).count() > 1) {
      throw new InvalidValue("at most one cluster is the default");
    }
    if (applications.size() > MAX_APPLICATIONS || !areDifferent(applications, ApplicationSpec::name)) {
      throw new InvalidValue("there are at most 1000 applications, with different names");
    }
    List<ClusterSpec> known = clusters;
    if (legacy.isPresent() && known.stream().noneMatch(cluster -> cluster.name().equals(legacy.get().cluster()))) {
      throw new InvalidValue("legacy.cluster must be the name of one of them");
    }
    clusters = List.copyOf(clusters);
    applications = List.copyOf(applications);
  }

  private static <T> boolean areDifferent(List<T> values, Function<T, Object> key) {
    return values.stream().map(key).distinct().count() == values.size();
  }

  /// Notes problems in the reader; the value counts only when `finish` of the root does not throw.
  public static ManagerConfig read(ConfigReader reader) {
    var listen = reader.value("listen", ManagerConfig::address, new InetSocketAddress(0));
    var database =
        reader.value("database", DatabaseLocation.Directory::parse, new DatabaseLocation.Directory(Path.of("/")));
    var clusters = reader.sections("clusters", MAX_CLUSTERS).stream().map(ManagerConfig::cluster).toList();
    var applications =
        reader.sections("applications", MAX_APPLICATIONS).stream().map(ManagerConfig::application).toList();
    Optional<Legacy> legacy =
        reader.has("legacy") ? Optional.of(legacy(reader.section("legacy"))) : Optional.empty();
    return checked(
        reader,
        "clusters",
        () -> new ManagerConfig(listen, database, clusters, applications, legacy),
        new ManagerConfig(listen, database, List.of(STAND_IN), List.of()));
  }

  private static Legacy legacy(ConfigReader section) {
    var listener = LegacyConfig.section(section);
    var cluster = section.value("cluster", ClusterName::new, STAND_IN.name());
    if (!section.has("scheduler-port")) {
      section.problem("scheduler-port", "is required");
    }
    return new Legacy(listener, cluster, section.integer("scheduler-port", 1, 1, 65_535));
  }

  private static ClusterSpec cluster(ConfigReader reader) {
    var name = reader.value("name", ClusterName::new, STAND_IN.name());
    var bio = reader.text("bio", "");
    boolean isDefault = reader.flag("default", false);
    var limits =
        new ClusterLimits(
            reader.integer("candidate-parent-limit", ClusterLimits.DEFAULT.candidateParents(), 1, 20),
            reader.integer("filter-parent-limit", ClusterLimits.DEFAULT.filterParents(), 10, 1000),
            reader.integer("load-limit", ClusterLimits.DEFAULT.load(), 1, 2000),
            reader.integer("seed-load-limit", ClusterLimits.DEFAULT.seedLoad(), 1, 50_000));
    var networks = reader.list("member-networks", ClusterSpec.MAX_NETWORKS, Cidr::parse);
    var scopes = scopes(reader.section("scopes"));
    var blocks = BlockSections.of(reader);
    return checked(
        reader, "scopes", () -> new ClusterSpec(name, bio, isDefault, scopes, limits, networks, blocks), STAND_IN);
  }

  private static Scopes scopes(ConfigReader reader) {
    var idc = reader.text("idc", "");
    var location = reader.text("location", "");
    var cidrs = reader.list("cidrs", Scopes.MAX_CIDRS, Cidr::parse);
    var hostnames = reader.list("hostnames", Scopes.MAX_HOSTNAMES, TextPattern::parse);
    return checked(reader, "idc", () -> new Scopes(idc, location, cidrs, hostnames), Scopes.NONE);
  }

  private static ApplicationSpec application(ConfigReader reader) {
    var name = reader.text("name", "");
    var url = reader.text("url", "");
    var bio = reader.text("bio", "");
    var priority = priority(reader.section("priority"));
    return checked(
        reader,
        "name",
        () -> new ApplicationSpec(name, url, bio, priority),
        new ApplicationSpec("none", "none:none", "", NO_PRIORITY));
  }

  private static Priority priority(ConfigReader reader) {
    int level = reader.integer("value", 0, 0, 20);
    var urls = reader.sections("urls", Priority.MAX_URLS).stream().map(ManagerConfig::urlPriority).toList();
    return new Priority(level, urls);
  }

  private static UrlPriority urlPriority(ConfigReader reader) {
    var regex = reader.value("regex", TextPattern::parse, TextPattern.parse("none"));
    return new UrlPriority(regex, reader.integer("value", 0, 0, 20));
  }

  private static <T> T checked(ConfigReader reader, String key, Supplier<T> value, T standIn) {
    try {
      return value.get();
    } catch (InvalidValue e) {
      reader.problem(key, e.rule());
      return standIn;
    }
  }

  /// `address:port`, where the address is a literal: what a name stands for could change between two starts.
  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (colon < 1 || !port.matches("0|[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65_535) {
      throw new InvalidValue("must be address:port");
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.length() > 2 && host.startsWith("[") && host.endsWith("]");
    var ip = IpAddress.parse(bracketed ? host.substring(1, host.length() - 1) : host);
    if (bracketed != InetAddresses.toAddrString(ip.value()).contains(":")) {
      throw new InvalidValue("an IPv6 address, and nothing else, must stand in brackets");
    }
    return new InetSocketAddress(ip.value(), Integer.parseInt(port));
  }
}
