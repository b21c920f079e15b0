package dev.damselfly.manager.boot;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.policy.Advertised;
import dev.damselfly.authz.policy.Bindings;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.policy.Policy.Binding;
import dev.damselfly.authz.policy.Policy.Row;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// Who may call the manager. Bindings that need rows (cluster, host name, address) are checked by the features;
/// those that need only the message are here.
public final class ManagerPolicy {
  private static final Set<Role> SCHEDULER = EnumSet.of(Role.SCHEDULER);
  private static final Set<Role> SEED_PEER = EnumSet.of(Role.SEED_PEER);
  private static final Set<Role> PEERS = EnumSet.of(Role.PEER, Role.SEED_PEER);
  private static final Set<Role> MEMBERS = EnumSet.of(Role.SCHEDULER, Role.SEED_PEER);
  private static final Set<Role> LEGACY = EnumSet.of(Role.LEGACY);
  private static final Set<Role> EVERYBODY = EnumSet.allOf(Role.class);

  private ManagerPolicy() {}

  public static Policy policy() {
    return new Policy(rows());
  }

  static List<Row> rows() {
    return List.of(
        manager("UpdateScheduler", SCHEDULER, ManagerPolicy::requireOwnSource),
        manager("GetScheduler", SCHEDULER, ManagerPolicy::requireOwnSource),
        manager("ListApplications", SCHEDULER, ManagerPolicy::requireOwnSource),
        manager("ListSchedulers", PEERS, ManagerPolicy::requireOwnHost),
        manager("KeepAlive", MEMBERS, ManagerPolicy::requireOwnHostOfSeed),
        manager("UpdateSeedPeer", SEED_PEER, ManagerPolicy::requireOwnHost),
        manager("DeleteSeedPeer", SEED_PEER, ManagerPolicy::requireOwnHost),
        manager("GetSeedPeer", MEMBERS, ManagerPolicy::requireOwnSource),
        manager("ListSeedPeers", MEMBERS, ManagerPolicy::requireOwnSource),
        new Row("grpc.health.v1.Health/Check", EVERYBODY, Binding.none()),
        new Row("grpc.health.v1.Health/Watch", EVERYBODY, Binding.none()));
  }

  /// The listener without TLS: a peer may ask where schedulers are, and nothing else. Every other RPC has a row that
  /// lets nobody in.
  ///
  /// @param advertiseWithin blocks in which a caller may claim an address that is not the observed one
  static Policy legacyPolicy(List<Cidr> advertiseWithin) {
    var bind = new Bindings(new Advertised(advertiseWithin));
    return new Policy(
        rows().stream()
            .map(
                row ->
                    switch (row.method()) {
                      case "manager.v2.Manager/ListSchedulers" -> new Row(row.method(), LEGACY, bind.address("ip"));
                      case "grpc.health.v1.Health/Check" -> new Row(row.method(), LEGACY, Binding.none());
                      default -> new Row(row.method(), Set.of(), Binding.none());
                    })
            .toList());
  }

  private static Row manager(String method, Set<Role> roles, Binding binding) {
    return new Row("manager.v2.Manager/" + method, roles, binding);
  }

  /// `source_type` is what the identity is, not what it would like to be.
  private static void requireOwnSource(Caller caller, Message message) {
    int said = ((EnumValueDescriptor) message.getField(field(message, "source_type"))).getNumber();
    int own =
        switch (caller.role()) {
          case SCHEDULER -> SourceType.SCHEDULER_SOURCE_VALUE;
          case PEER, LEGACY -> SourceType.PEER_SOURCE_VALUE;
          case SEED_PEER -> SourceType.SEED_PEER_SOURCE_VALUE;
          case MANAGER, OPERATOR, LOCAL, LOCAL_OPERATOR -> -1;
        };
    if (said != own) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "source_type: not the role of the caller");
    }
  }

  /// The id of a peer ends with its host.
  private static void requireOwnHost(Caller caller, Message message) {
    requireOwnSource(caller, message);
    if (!caller.name().equals(message.getField(field(message, "hostname")))) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "hostname: not the host of the caller");
    }
  }

  /// Schedulers choose their host name; whose it is, is written in its row.
  private static void requireOwnHostOfSeed(Caller caller, Message message) {
    if (caller.role() == Role.SEED_PEER) {
      requireOwnHost(caller, message);
    } else {
      requireOwnSource(caller, message);
    }
  }

  private static FieldDescriptor field(Message message, String name) {
    FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
    if (field == null) {
      throw new IllegalStateException(message.getDescriptorForType().getFullName() + " has no field " + name);
    }
    return field;
  }
}
