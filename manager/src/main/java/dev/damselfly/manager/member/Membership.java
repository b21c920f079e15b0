package dev.damselfly.manager.member;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.manager.address.HostName;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/// Whose rows are whose. Called inside the transaction of a registration.
///
/// A host name of a cluster belongs to the identity that registered it, in any spelling, until its last row is
/// deleted. Nobody can take over a place on the hash ring that clients know under this name (S-MGR-12).
public final class Membership {
  /// Rows of one identity: a host that moves leaves rows behind until they are swept.
  public static final int MAX_PER_IDENTITY = 16;

  private final MemberKind kind;

  public Membership(MemberKind kind) {
    this.kind = kind;
  }

  /// Makes registrations of a cluster wait for each other until the transaction ends, and checks the owner.
  ///
  /// @throws Refused CALLER_NOT_ALLOWED when the host name belongs to another identity
  public void admit(Handle handle, long cluster, HostName host, SpiffeId caller) {
    kind.lockCluster(handle, cluster);
    int foreign =
        handle
            .createQuery(
                "select count(*) from <table> where <cluster> = :cluster and host_key = :host and spiffe_id <> :caller")
            .define("table", kind.table())
            .define("cluster", kind.clusterColumn())
            .bind("cluster", cluster)
            .bind("host", host.key())
            .bind("caller", caller.toString())
            .mapTo(Integer.class)
            .one();
    if (foreign > 0) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "hostname: registered by another identity");
    }
  }

  /// Called before a row is added.
  ///
  /// @throws Refused LIMIT_EXCEEDED when the cluster or the identity has no row left
  public void requireRoom(Handle handle, long cluster, SpiffeId caller) {
    if (count(handle, cluster, Optional.empty()) >= kind.maxPerCluster()) {
      throw new Refused(Reason.LIMIT_EXCEEDED, "the cluster has no room for another member");
    }
    if (count(handle, cluster, Optional.of(caller)) >= MAX_PER_IDENTITY) {
      throw new Refused(Reason.LIMIT_EXCEEDED, "the identity has no room for another member");
    }
  }

  private int count(Handle handle, long cluster, Optional<SpiffeId> owner) {
    return handle
        .createQuery(
            "select count(*) from <table> where <cluster> = :cluster and (:any or spiffe_id = :owner)")
        .define("table", kind.table())
        .define("cluster", kind.clusterColumn())
        .bind("cluster", cluster)
        .bind("any", owner.isEmpty())
        .bind("owner", owner.map(SpiffeId::toString).orElse(""))
        .mapTo(Integer.class)
        .one();
  }

  /// The host is at row `id` now: its rows at other addresses become inactive and their streams lose them.
  public void supersede(Handle handle, long cluster, HostName host, long id, long nowMillis) {
    handle
        .createUpdate(
            """
            update <table> set state = 'inactive', live_session = null, updated_ms = :now
            where <cluster> = :cluster and host_key = :host and id <> :id
              and (state = 'active' or live_session is not null)""")
        .define("table", kind.table())
        .define("cluster", kind.clusterColumn())
        .bind("now", nowMillis)
        .bind("cluster", cluster)
        .bind("host", host.key())
        .bind("id", id)
        .execute();
  }
}
