package dev.damselfly.manager.seed;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.Cluster;
import dev.damselfly.manager.cluster.Clusters;
import dev.damselfly.manager.cluster.SeedClusterId;
import dev.damselfly.manager.member.MemberKind;
import dev.damselfly.manager.member.Membership;
import dev.damselfly.manager.member.Place;
import dev.damselfly.manager.store.Database;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The seed peers of all clusters. Every answer is about the caller's own cluster (S-MGR-9). Thread-safe.
public final class SeedPeers {
  private static final Membership MEMBERSHIP = new Membership(MemberKind.SEED_PEER);

  private final Database database;
  private final Clusters clusters;
  private final Audit audit;
  private final InstantSource clock;

  public SeedPeers(Database database, Clusters clusters, Audit audit, InstantSource clock) {
    this.database = database;
    this.clusters = clusters;
    this.audit = audit;
    this.clock = clock;
  }

  /// Adds or renews the caller's row at an address; it is active at once, and its rows elsewhere end.
  ///
  /// @throws Refused CALLER_NOT_ALLOWED for another cluster, another's host name or an address that is not the
  ///     caller's; LIMIT_EXCEEDED without room
  public SeedPeerRow register(Caller caller, SeedClusterId id, SeedRegistration said) {
    Cluster cluster = clusters.requireOwn(caller, id);
    if (!cluster.allowsAddress(said.ip(), new IpAddress(caller.remote().getAddress()))) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "ip: neither the observed address nor in a network of the cluster");
    }
    return database.inTransaction(
        handle -> {
          MEMBERSHIP.admit(handle, id.value(), said.host(), caller.id());
          var place = new Place(cluster.seeds().value(), said.host(), Optional.of(said.ip()));
          long row;
          var known = SeedPeerTable.find(handle, place);
          if (known.isPresent()) {
            row = known.get().id();
            SeedPeerTable.update(handle, row, said, clock.millis());
          } else {
            MEMBERSHIP.requireRoom(handle, id.value(), caller.id());
            row = SeedPeerTable.insert(handle, id, caller.id(), said, clock.millis());
          }
          MEMBERSHIP.supersede(handle, id.value(), said.host(), row, clock.millis());
          record(AuditAction.PEER_JOIN, caller, said.host()); // before the commit: without a record there is no row
          return SeedPeerTable.find(handle, place).orElseThrow();
        });
  }

  /// One row of the caller's cluster; without address the one registered last.
  ///
  /// @throws Refused HOST_UNKNOWN
  public SeedPeerRow find(Caller caller, SeedClusterId id, HostName host, Optional<IpAddress> ip) {
    clusters.requireOwn(caller, id);
    return database
        .inTransaction(handle -> SeedPeerTable.find(handle, new Place(id.value(), host, ip)))
        .orElseThrow(SeedPeers::unknown);
  }

  /// Active ones of the clusters that the caller is attested for.
  public List<SeedPeerRow> list(Caller caller) {
    return clusters.of(caller).stream()
        .flatMap(cluster -> activeIn(cluster.seeds(), MemberKind.SEED_PEER.maxPerCluster()).stream())
        .toList();
  }

  /// Active ones by id, at most `max`.
  public List<SeedPeerRow> activeIn(SeedClusterId id, int max) {
    return database.inTransaction(handle -> SeedPeerTable.active(handle, id, max));
  }

  /// Deletes rows of the caller itself: at this address, or all of the host.
  ///
  /// @throws Refused HOST_UNKNOWN when this identity has no such row
  public void delete(Caller caller, SeedClusterId id, HostName host, Optional<IpAddress> ip) {
    clusters.requireOwn(caller, id);
    database.inTransaction(
        handle -> {
          int deleted = SeedPeerTable.delete(handle, new Place(id.value(), host, ip), caller.id());
          if (deleted == 0) {
            throw unknown();
          }
          record(AuditAction.PEER_LEAVE, caller, host);
          return deleted;
        });
  }

  private static Refused unknown() {
    return new Refused(MemberKind.SEED_PEER.unknown(), "no such seed peer in the cluster");
  }

  private void record(AuditAction action, Caller caller, HostName host) {
    audit.record(
        new AuditEvent(
            action,
            caller.id().toString(),
            "host:" + host,
            AuditEvent.Decision.DONE,
            "",
            caller.remote().toString(),
            Map.of("step", "register")));
  }
}
