package dev.damselfly.scheduler.boot;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.scheduler.swarm.SwarmConfig;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Configuration of the scheduler. Its host name and cluster are those of its SVID.
///
/// @param listen address to serve on; port 0 takes a free one
/// @param advertiseIp address that peers are told, an IP literal
/// @param manager where the manager serves
/// @param clusterId number of the own cluster at the manager
/// @param admission which addresses count, and who else may come
public record SchedulerConfig(
    InetSocketAddress listen,
    String advertiseIp,
    HostPort manager,
    long clusterId,
    String idc,
    String location,
    Admission admission,
    SwarmConfig swarm) {
  private static final HostPort NOWHERE = new HostPort("127.0.0.1", 1);

  /// Who may come.
  ///
  /// @param memberNetworks blocks in which members may claim an address that is not the observed one
  /// @param legacy the listener without TLS; absent, as by default, means there is none
  public record Admission(List<Cidr> memberNetworks, Optional<LegacyConfig> legacy) {
    public Admission {
      memberNetworks = List.copyOf(memberNetworks);
    }
  }

  /// Notes problems in the reader; the value counts only when `finish` of the root does not throw.
  public static SchedulerConfig read(ConfigReader reader) {
    var listen = reader.value("listen", SchedulerConfig::address, new InetSocketAddress(0));
    String ip = reader.valueOr("advertise-ip", SchedulerConfig::literal, listenIp(listen));
    var manager = reader.value("manager", HostPort::parse, NOWHERE);
    long cluster = reader.number("cluster-id", 1, 1, Long.MAX_VALUE);
    String idc = reader.text("idc", "");
    String location = reader.text("location", "");
    var networks = reader.list("member-networks", 256, Cidr::parse);
    var admission = new Admission(networks, LegacyConfig.read(reader, IpLiteral.parse(ip)));
    return new SchedulerConfig(listen, ip, manager, cluster, idc, location, admission, swarm(reader));
  }

  private static SwarmConfig swarm(ConfigReader reader) {
    var origin = reader.section("origin");
    var leases = SwarmConfig.Leases.DEFAULT;
    List<Role> roles = origin.list("lease-roles", 2, SchedulerConfig::leaseRole);
    Set<Role> allowed = roles.isEmpty() ? leases.roles() : EnumSet.copyOf(roles);
    var ours =
        new SwarmConfig.Leases(
            allowed,
            origin.integer("pieces-per-lease", leases.perLease(), 1, 1024),
            origin.integer("pieces-per-member", leases.perMember(), 1, 4096),
            origin.duration("lease-silence", leases.silence(), Duration.ofSeconds(1), Duration.ofHours(1)),
            origin.flag("prefer-seed", leases.preferSeed()),
            origin.duration("seed-wait", leases.seedWait(), Duration.ofMillis(100), Duration.ofMinutes(1)));
    var mesh = SwarmConfig.Mesh.DEFAULT;
    var swarm = reader.section("swarm");
    int parents = swarm.integer("parents-per-child", mesh.parentsPerChild(), 1, 20);
    var grantTtl = swarm.duration("grant-ttl", mesh.grantTtl(), Duration.ofSeconds(30), Duration.ofHours(1));
    return new SwarmConfig(
        ours,
        new SwarmConfig.Mesh(parents, Math.min(mesh.randomParents(), parents), grantTtl),
        SwarmConfig.DEFAULT.outbox(),
        SwarmConfig.DEFAULT.maxMembers());
  }

  private static Role leaseRole(String text) {
    return switch (text) {
      case "peer" -> Role.PEER;
      case "seed-peer" -> Role.SEED_PEER;
      default -> throw new InvalidValue("must be peer or seed-peer");
    };
  }

  private static String literal(String text) {
    return IpLiteral.text(IpLiteral.parse(text));
  }

  private static String listenIp(InetSocketAddress listen) {
    return listen.getAddress() == null ? "127.0.0.1" : IpLiteral.text(listen.getAddress());
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
