package dev.damselfly.authz.policy;

import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;

/// Callers for tests, in cluster `7`, seen at 10.1.2.3.
@NullMarked
public final class Who {
  public static final String ADDRESS = "10.1.2.3";

  private Who() {}

  public static Caller peer(String host) {
    return in("7", "peer", Role.PEER, host);
  }

  public static Caller seed(String host) {
    return in("7", "seed-peer", Role.SEED_PEER, host);
  }

  public static Caller scheduler() {
    return in("7", "scheduler", Role.SCHEDULER, "s1");
  }

  /// Without an identity.
  public static Caller legacy() {
    return new Caller(
        SpiffeId.parse("spiffe://test.example/damselfly/legacy/" + ADDRESS),
        Role.LEGACY,
        Optional.empty(),
        ADDRESS,
        Instant.MAX,
        new InetSocketAddress(IpLiteral.parse(ADDRESS), 40_000));
  }

  public static Caller in(String cluster, String kind, Role role, String name) {
    return new Caller(
        SpiffeId.parse("spiffe://test.example/damselfly/" + kind + "/" + cluster + "/" + name),
        role,
        Optional.of(cluster),
        name,
        Instant.MAX,
        new InetSocketAddress(IpLiteral.parse(ADDRESS), 40_000));
  }
}
