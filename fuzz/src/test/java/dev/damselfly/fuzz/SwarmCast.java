package dev.damselfly.fuzz;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.host.Host;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// The hosts of scheduler targets: each has an identity of its own, every sixth is a seed.
final class SwarmCast {
  private static final Instant START = Instant.parse("2026-11-25T00:00:00Z");

  private SwarmCast() {}

  static boolean isSeed(int host) {
    return host % 6 == 5;
  }

  static String id(int host) {
    return "10.0.0." + (host + 1) + "-h" + host + (isSeed(host) ? "-seed" : "");
  }

  static Caller caller(int host) {
    var kind = isSeed(host) ? "seed-peer" : "peer";
    return new Caller(
        SpiffeId.parse("spiffe://test/damselfly/" + kind + "/1/h" + host),
        isSeed(host) ? Role.SEED_PEER : Role.PEER,
        Optional.of("1"),
        "h" + host,
        Instant.MAX,
        InetSocketAddress.createUnresolved("h" + host, 4000));
  }

  static Host.Announced announced(int host, Instant now) {
    var message =
        dev.damselfly.api.wire.common.v2.Host.newBuilder()
            .setId(id(host))
            .setIp("10.0.0." + (host + 1))
            .setHostname("h" + host)
            .setType(isSeed(host) ? 1 : 0)
            .setPort(4000)
            .build();
    return new Host.Announced(message, Duration.ofDays(1), now);
  }

  static Host host(int host) {
    return new Host(id(host), caller(host).id(), isSeed(host), announced(host, START));
  }
}
