package dev.damselfly.scheduler.boot;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.policy.Advertised;
import dev.damselfly.authz.policy.Bindings;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.policy.Policy.Binding;
import dev.damselfly.authz.policy.Policy.Row;
import io.grpc.MethodDescriptor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// Who may call the scheduler: peers of its own cluster, each for its own host only. Unserved RPCs have rows too.
public final class SchedulerPolicy {
  /// RPCs with a handler; the others answer NOT_SERVED.
  static final Set<String> SERVED =
      Set.of("AnnouncePeer", "StatPeer", "DeletePeer", "StatTask", "DeleteTask", "AnnounceHost", "ListHosts", "DeleteHost");

  private static final Set<Role> PEERS = EnumSet.of(Role.PEER, Role.SEED_PEER);
  private static final Set<Role> READERS = EnumSet.of(Role.PEER, Role.SEED_PEER, Role.OPERATOR);
  private static final Set<Role> EVERYBODY = EnumSet.allOf(Role.class);

  private SchedulerPolicy() {}

  /// @param cluster segment of the scheduler's own SPIFFE ID
  /// @param memberNetworks blocks in which members may claim an address that is not the observed one
  public static Policy policy(String cluster, List<Cidr> memberNetworks) {
    var bind = new Bindings(new Advertised(memberNetworks));
    Binding member = ownCluster(cluster);
    Binding ownPeer = Bindings.all(member, bind.hostId("host_id"), bind.peerId("peer_id"));
    Binding ownHost = Bindings.all(member, bind.hostId("host_id"));
    var rows = new ArrayList<Row>();
    for (MethodDescriptor<?, ?> method : SchedulerGrpc.getServiceDescriptor().getMethods()) {
      String name = String.valueOf(method.getBareMethodName());
      rows.add(
          switch (name) {
            case "AnnouncePeer" -> row(method, PEERS, Bindings.all(ownPeer, Bindings.noLocalPowers()));
            case "StatPeer", "DeletePeer" -> row(method, PEERS, ownPeer);
            case "StatTask", "DeleteTask", "DeleteHost" -> row(method, PEERS, ownHost);
            case "AnnounceHost" -> row(method, PEERS, Bindings.all(member, bind.hostId("host.id"), bind.hostname("host.hostname"), bind.address("host.ip")));
            case "ListHosts" -> row(method, READERS, member);
            default -> row(method, PEERS, member);
          });
    }
    rows.add(
        new Row(
            "damselfly.v1.Swarm/Join",
            PEERS,
            Bindings.all(member, bind.hostId("register.host_id"), bind.peerId("register.peer_id"), Bindings.noLocalPowers())));
    rows.add(new Row("damselfly.v1.Swarm/ListGrantKeys", PEERS, member));
    for (String health : List.of("Check", "Watch")) {
      rows.add(new Row("grpc.health.v1.Health/" + health, EVERYBODY, Binding.none()));
    }
    return new Policy(rows);
  }

  private static Row row(MethodDescriptor<?, ?> method, Set<Role> roles, Binding binding) {
    return new Row(method.getFullMethodName(), roles, binding);
  }

  /// Peers belong to a cluster; operators to none.
  private static Binding ownCluster(String cluster) {
    return (caller, message) -> {
      if (caller.role() != Role.OPERATOR && caller.cluster().filter(cluster::equals).isEmpty()) {
        throw new Refused(Reason.CALLER_NOT_ALLOWED, "this identity belongs to another cluster");
      }
    };
  }
}
