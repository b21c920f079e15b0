package dev.damselfly.manager.scheduler;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.Affinity;
import dev.damselfly.manager.cluster.Cluster;
import dev.damselfly.manager.cluster.ClusterId;
import dev.damselfly.manager.cluster.Clusters;
import dev.damselfly.manager.cluster.Locality;
import dev.damselfly.manager.member.MemberKind;
import dev.damselfly.manager.member.Membership;
import dev.damselfly.manager.seed.SeedPeerRow;
import dev.damselfly.manager.seed.SeedPeers;
import dev.damselfly.manager.store.Database;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// The schedulers of all clusters. Every answer is about the caller's own cluster (S-MGR-9). Thread-safe.
public final class Schedulers {
  /// Seed peers named in one answer, all its schedulers together; keeps the answer below the size of a message.
  public static final int MAX_SEEDS_IN_ANSWER = 512;

  private static final Membership MEMBERSHIP = new Membership(MemberKind.SCHEDULER);

  private final Database database;
  private final Clusters clusters;
  private final SeedPeers seeds;
  private final Audit audit;
  private final InstantSource clock;

  public Schedulers(Database database, Clusters clusters, SeedPeers seeds, Audit audit, InstantSource clock) {
    this.database = database;
    this.clusters = clusters;
    this.seeds = seeds;
    this.audit = audit;
    this.clock = clock;
  }

  /// Adds or renews the row of a host at an address. Its state stays; rows of the host at other addresses end.
  ///
  /// @throws Refused CALLER_NOT_ALLOWED for another cluster, another's host name or an address that is not the
  ///     caller's; LIMIT_EXCEEDED without room
  public SchedulerRow register(Caller caller, ClusterId id, Registration said) {
    Cluster cluster = clusters.requireOwn(caller, id);
    if (!cluster.allowsAddress(said.ip(), new IpAddress(caller.remote().getAddress()))) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "ip: neither the observed address nor in a network of the cluster");
    }
    return database.inTransaction(
        handle -> {
          MEMBERSHIP.admit(handle, id.value(), said.host(), caller.id());
          var known = SchedulerTable.findId(handle, id, said.host(), said.ip());
          long row;
          if (known.isPresent()) {
            row = known.get();
            SchedulerTable.update(handle, row, said, clock.millis());
          } else {
            MEMBERSHIP.requireRoom(handle, id.value(), caller.id());
            row = SchedulerTable.insert(handle, id, caller.id(), said, clock.millis());
          }
          MEMBERSHIP.supersede(handle, id.value(), said.host(), row, clock.millis());
          recordJoin(caller, said.host()); // before the commit: without a record there is no row
          return SchedulerTable.byId(handle, row);
        });
  }

  private void recordJoin(Caller caller, HostName host) {
    audit.record(
        new AuditEvent(
            AuditAction.PEER_JOIN,
            caller.id().toString(),
            "host:" + host,
            AuditEvent.Decision.DONE,
            "",
            caller.remote().toString(),
            Map.of("step", "register")));
  }

  /// The caller's own row and what its cluster is configured with.
  ///
  /// @throws Refused SCHEDULER_UNKNOWN when this identity has registered no such host
  public Advertised find(Caller caller, ClusterId id, HostName host) {
    Cluster cluster = clusters.requireOwn(caller, id);
    SchedulerRow row =
        database
            .inTransaction(handle -> SchedulerTable.find(handle, id, host, caller.id()))
            .orElseThrow(() -> new Refused(Reason.SCHEDULER_UNKNOWN, "this identity has registered no such host"));
    return new Advertised(row, cluster, seeds.activeIn(cluster.seeds(), MAX_SEEDS_IN_ANSWER));
  }

  /// All schedulers of one cluster in any state, by id, without seed peers.
  public List<Advertised> all(Caller caller, ClusterId id) {
    Cluster cluster = clusters.requireOwn(caller, id);
    return rows(cluster, _ -> true).stream().map(row -> new Advertised(row, cluster, List.of())).toList();
  }

  /// Active schedulers of the clusters the caller is attested for, best cluster first (manager.md section 5).
  public List<Advertised> suited(Caller caller, Locality peer) {
    List<Cluster> ranked = Affinity.ranked(clusters.of(caller), peer);
    List<Advertised> found = active(ranked, row -> row.active() && row.said().features().schedules());
    return found.isEmpty() ? active(ranked, SchedulerRow::active) : found;
  }

  /// Active schedulers of a cluster, for answers about its seed peers.
  public List<SchedulerRow> activeIn(Cluster cluster) {
    return rows(cluster, SchedulerRow::active);
  }

  private List<Advertised> active(List<Cluster> ranked, Predicate<SchedulerRow> wanted) {
    var found = new ArrayList<Advertised>();
    for (Cluster cluster : ranked) {
      List<SchedulerRow> rows = rows(cluster, wanted);
      if (!rows.isEmpty()) {
        List<SeedPeerRow> near = seeds.activeIn(cluster.seeds(), MAX_SEEDS_IN_ANSWER / rows.size());
        rows.forEach(row -> found.add(new Advertised(row, cluster, near)));
      }
    }
    return found;
  }

  private List<SchedulerRow> rows(Cluster cluster, Predicate<SchedulerRow> wanted) {
    return database.inTransaction(handle -> SchedulerTable.all(handle, cluster.id())).stream().filter(wanted).toList();
  }
}
