package dev.damselfly.scheduler.boot;

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
  private static final Set<Role> LEGACY = EnumSet.of(Role.LEGACY);
  private static final Set<Role> EVERYBODY = EnumSet.allOf(Role.class);

  private SchedulerPolicy() {}

  /// @param cluster segment of the scheduler's own SPIFFE ID
  /// @param memberNetworks blocks in which members may claim an address that is not the observed one
  public static Policy policy(String cluster, List<Cidr> memberNetworks) {
    var bind = new Bindings(new Advertised(memberNetworks));
    Binding ownPeer = Bindings.all(bind.hostId("host_id"), bind.peerId("peer_id"));
    Binding ownHost = bind.hostId("host_id");
    var rows = new ArrayList<Row>();
    for (MethodDescriptor<?, ?> method : SchedulerGrpc.getServiceDescriptor().getMethods()) {
      String name = String.valueOf(method.getBareMethodName());
      rows.add(
          switch (name) {
            case "AnnouncePeer" -> row(method, PEERS, Bindings.all(ownPeer, Bindings.noLocalPowers()));
            case "StatPeer", "DeletePeer" -> row(method, PEERS, ownPeer);
            case "StatTask", "DeleteTask", "DeleteHost" -> row(method, PEERS, ownHost);
            case "AnnounceHost" -> row(method, PEERS, Bindings.all(bind.hostId("host.id"), bind.hostname("host.hostname"), bind.address("host.ip")));
            case "ListHosts" -> row(method, READERS, Binding.none());
            default -> row(method, PEERS, Binding.none());
          });
    }
    rows.add(
        new Row(
            "damselfly.v1.Swarm/Join",
            PEERS,
            Bindings.all(bind.hostId("register.host_id"), bind.peerId("register.peer_id"), Bindings.noLocalPowers())));
    rows.add(new Row("damselfly.v1.Swarm/ListGrantKeys", PEERS, Binding.none()));
    rows.add(new Row("damselfly.v1.Swarm/ListLegacyHolders", PEERS, ownHost));
    for (String health : List.of("Check", "Watch")) {
      rows.add(new Row("grpc.health.v1.Health/" + health, EVERYBODY, Binding.none()));
    }
    return Policy.ofCluster(cluster, rows);
  }

  /// The listener without TLS: hosts, peers and tasks of the caller's own address. Calls that tell about others, and those
  /// that are not served, have rows that let nobody in. A registration may name a local path, as upstream peers do; it
  /// goes no further.
  ///
  /// @param advertiseWithin blocks in which a caller may claim an address that is not the observed one
  static Policy legacyPolicy(String cluster, List<Cidr> advertiseWithin) {
    var bind = new Bindings(new Advertised(advertiseWithin));
    Binding ownPeer = Bindings.all(bind.hostId("host_id"), bind.peerId("peer_id"));
    var rows = new ArrayList<Row>();
    for (MethodDescriptor<?, ?> method : SchedulerGrpc.getServiceDescriptor().getMethods()) {
      rows.add(
          switch (String.valueOf(method.getBareMethodName())) {
            case "AnnouncePeer", "StatPeer", "DeletePeer" -> row(method, LEGACY, ownPeer);
            case "StatTask", "DeleteTask", "DeleteHost" -> row(method, LEGACY, bind.hostId("host_id"));
            case "AnnounceHost" -> row(method, LEGACY, bind.legacyHost("host"));
            default -> row(method, Set.of(), Binding.none());
          });
    }
    rows.add(new Row("grpc.health.v1.Health/Check", LEGACY, Binding.none()));
    rows.add(new Row("grpc.health.v1.Health/Watch", Set.of(), Binding.none()));
    return Policy.ofCluster(cluster, rows);
  }

  private static Row row(MethodDescriptor<?, ?> method, Set<Role> roles, Binding binding) {
    return new Row(method.getFullMethodName(), roles, binding);
  }
}
