package dev.damselfly.authz.guard;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.TokenBucket;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The sockets of a server: in all, of each identity, and those whose handshake is not done (B-09, B-10, B-40). The
/// newest is refused and recorded, those inside stay. Thread-safe.
final class Doorway {
  private static final Logger LOG = LoggerFactory.getLogger(Doorway.class);
  private static final long RECORDS_PER_SECOND = 10;

  private final int maxSockets;
  private final int maxPerIdentity;
  private final int maxHandshakes;
  private final Audit audit;
  private final TokenBucket records;

  @GuardedBy("this")
  private final Map<SpiffeId, Integer> known = new HashMap<>();

  @GuardedBy("this")
  private int sockets;

  @GuardedBy("this")
  private int handshakes;

  Doorway(Limits limits, Audit audit, LongSupplier nanoClock) {
    this.maxSockets = limits.count(Bound.CONNECTIONS);
    this.maxPerIdentity = limits.count(Bound.CONNECTIONS_PER_IDENTITY);
    this.maxHandshakes = limits.count(Bound.HANDSHAKES);
    this.audit = audit;
    this.records = new TokenBucket(RECORDS_PER_SECOND, nanoClock);
  }

  /// Takes an accepted socket in; its place is to be left when it is closed.
  ///
  /// @return absent when it has to be closed
  Optional<Place> enter(String remote) {
    Bound reached;
    synchronized (this) {
      if (sockets < maxSockets && handshakes < maxHandshakes) {
        sockets++;
        handshakes++;
        return Optional.of(new Place(remote));
      }
      reached = sockets < maxSockets ? Bound.HANDSHAKES : Bound.CONNECTIONS;
    }
    record("anonymous", reached, remote);
    return Optional.empty();
  }

  /// Who floods the server must not flood the audit log with it.
  private void record(String actor, Bound reached, String remote) {
    if (!records.tryTake()) {
      return;
    }
    try {
      audit.record(
          new AuditEvent(
              AuditAction.LIMIT_HIT, actor, "server", AuditEvent.Decision.DENY, reached.name(), remote, Map.of("bound", reached.id())));
    } catch (Audit.AuditUnavailable e) {
      LOG.error("a refused connection could not be audited", e); // it stays refused
    }
  }

  /// The place of one socket.
  final class Place {
    private final String remote;
    private @Nullable SpiffeId identity;
    private boolean left;

    private Place(String remote) {
      this.remote = remote;
    }

    /// The handshake is done.
    ///
    /// @return false when the identity has as many connections as it may: this one has to be closed
    boolean belongsTo(SpiffeId id) {
      synchronized (Doorway.this) {
        if (left || identity != null) {
          return !left;
        }
        identity = id;
        handshakes--;
        if (known.merge(id, 1, Integer::sum) <= maxPerIdentity) {
          return true;
        }
      }
      record(id.toString(), Bound.CONNECTIONS_PER_IDENTITY, remote);
      return false;
    }

    /// The socket is closed. Idempotent.
    void leave() {
      synchronized (Doorway.this) {
        if (left) {
          return;
        }
        left = true;
        sockets--;
        if (identity == null) {
          handshakes--;
        } else {
          known.computeIfPresent(identity, (_, n) -> n > 1 ? n - 1 : null);
        }
      }
    }
  }
}
