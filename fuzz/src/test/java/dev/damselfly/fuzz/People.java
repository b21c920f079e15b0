package dev.damselfly.fuzz;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// Who calls: members of the own cluster, members of another, and those who are no members.
final class People {
  static final Caller ONE = member(Role.PEER, "peer", "east", "host-1", "10.0.0.1");
  static final Caller TWO = member(Role.PEER, "peer", "east", "host-2", "10.0.0.2");
  static final Caller SEED = member(Role.SEED_PEER, "seed-peer", "east", "seed-1", "10.0.0.3");
  static final Caller SCHEDULER = member(Role.SCHEDULER, "scheduler", "east", "s", "10.0.0.4");
  static final Caller WEST = member(Role.PEER, "peer", "west", "host-1", "10.0.0.1");
  static final Caller WEST_SEED = member(Role.SEED_PEER, "seed-peer", "west", "seed-1", "10.0.0.3");
  static final Caller WEST_SCHEDULER = member(Role.SCHEDULER, "scheduler", "west", "s", "10.0.0.4");
  static final Caller OPERATOR = other(Role.OPERATOR, "operator");

  /// East first: most inputs come from members.
  static final List<Caller> ALL =
      List.of(ONE, TWO, SEED, SCHEDULER, WEST, WEST_SEED, WEST_SCHEDULER, OPERATOR, other(Role.MANAGER, "manager"));

  private People() {}

  static Caller pick(int number) {
    return ALL.get(number % ALL.size());
  }

  /// The one host id that a caller may speak for, put together here and not by the code under test.
  static String hostId(Caller caller) {
    String mark = caller.role() == Role.SEED_PEER ? "-seed" : "";
    return caller.remote().getAddress().getHostAddress() + "-" + caller.name() + mark;
  }

  static String peerId(Caller caller, int number) {
    String mark = caller.role() == Role.SEED_PEER ? "-seed" : "";
    String uuid = String.format("00000000-0000-4000-8000-%012d", number);
    return caller.remote().getAddress().getHostAddress() + "-" + caller.name() + "-" + uuid + mark;
  }

  private static Caller member(Role role, String kind, String cluster, String name, String ip) {
    return caller(role, kind + "/" + cluster + "/" + name, Optional.of(cluster), name, ip);
  }

  private static Caller other(Role role, String kind) {
    return caller(role, kind + "/x", Optional.empty(), "x", "10.0.0.9");
  }

  private static Caller caller(Role role, String path, Optional<String> cluster, String name, String ip) {
    var id = SpiffeId.parse("spiffe://test.example/damselfly/" + path);
    return new Caller(id, role, cluster, name, Instant.MAX, new InetSocketAddress(InetAddress.ofLiteral(ip), 40_000));
  }
}
