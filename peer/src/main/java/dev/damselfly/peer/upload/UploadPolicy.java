package dev.damselfly.peer.upload;

import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.policy.Bindings;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.policy.Policy.Binding;
import dev.damselfly.authz.policy.Policy.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Who may call which RPC of a peer's remote side. The table is closed: RPCs that are not served have rows, too, so
/// that a call of one is answered by the same chain.
public final class UploadPolicy {
  private static final Set<Role> CHILDREN = Set.of(Role.PEER, Role.SEED_PEER);
  private static final Set<Role> SCHEDULER = Set.of(Role.SCHEDULER);
  private static final Set<Role> MEMBERS = Set.of(Role.SCHEDULER, Role.PEER, Role.SEED_PEER);
  private static final Set<Role> LEGACY = Set.of(Role.LEGACY);
  private static final Set<Role> EVERYBODY = Set.of(Role.values());

  private static final List<String> NOT_SERVED =
      List.of(
          "StatTask",
          "ListTaskEntries",
          "DownloadCacheTask",
          "StatCacheTask",
          "DeleteCacheTask",
          "SyncCachePieces",
          "DownloadCachePiece",
          "DownloadPersistentTask",
          "SyncPersistentPieces",
          "UpdatePersistentTask",
          "StatPersistentTask",
          "DeletePersistentTask",
          "DownloadPersistentCacheTask",
          "UpdatePersistentCacheTask",
          "StatPersistentCacheTask",
          "DeletePersistentCacheTask",
          "SyncPersistentCachePieces",
          "ExchangeIBVerbsQueuePairEndpoint");

  private UploadPolicy() {}

  /// The rows of [UploadRpc] and of the health service beside it.
  public static List<Row> rows(Bindings bindings) {
    List<Row> rows = new ArrayList<>();
    rows.add(upload("SyncPieces", CHILDREN, bindings.hostId("host_id")));
    rows.add(upload("SyncHost", CHILDREN, bindings.hostId("host_id")));
    rows.add(upload("StatLocalTask", Set.of(Role.SCHEDULER, Role.OPERATOR), Binding.none()));
    rows.add(upload("DownloadTask", SCHEDULER, Bindings.noLocalPowers()));
    rows.add(upload("DeleteTask", SCHEDULER, Binding.none()));
    NOT_SERVED.forEach(method -> rows.add(upload(method, MEMBERS, Bindings.noLocalPowers())));
    for (String method : List.of("Check", "Watch")) {
      rows.add(new Row("grpc.health.v1.Health/" + method, EVERYBODY, Binding.none()));
    }
    return List.copyOf(rows);
  }

  /// The rows of [LegacyUploadRpc] and of the health service beside it: what a child without an identity needs. Every
  /// other RPC has a row that lets nobody in.
  public static List<Row> legacyRows(Bindings bindings) {
    return rows(bindings).stream()
        .map(
            row ->
                switch (row.method()) {
                  case DfdaemonUploadGrpc.SERVICE_NAME + "/SyncPieces", DfdaemonUploadGrpc.SERVICE_NAME + "/SyncHost" ->
                      new Row(row.method(), LEGACY, bindings.hostId("host_id"));
                  case "grpc.health.v1.Health/Check" -> new Row(row.method(), LEGACY, Binding.none());
                  default -> new Row(row.method(), Set.of(), Binding.none());
                })
        .toList();
  }

  private static Row upload(String method, Set<Role> roles, Binding binding) {
    return new Row(DfdaemonUploadGrpc.SERVICE_NAME + "/" + method, roles, binding);
  }
}
