package dev.damselfly.peer.legacy;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.egress.CheckedAddress;
import dev.damselfly.authz.egress.EgressGate;
import dev.damselfly.authz.egress.EgressPolicy;
import dev.damselfly.authz.egress.EgressRule;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.egress.Target;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.time.Timer;
import dev.damselfly.peer.transfer.BadFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Gets public content of a known digest from hosts without an identity. Thread-safe; blocking.
///
/// The digest is a caller's word, and a task id does not bind it: what it proves is proven to those who name the same
/// digest, not to everybody who names the URL. So the content goes to a task of its own, whose id holds the digest. It is
/// never attested, announced or served as that of the URL, and a caller without the digest never meets it.
public final class LegacyParents {
  private static final String PREFIX = "damselfly-proven-v1 ";
  private static final String WARNING = "host without identity, no TLS: unverified until digest";

  private final LegacyParentsConfig config;
  private final Finder finder;
  private final PieceStore store;
  private final Audit audit;
  private final LegacyFetch.Means means;
  private final EgressGate gate;
  private final Turns turns = new Turns();

  /// Knows who might have the content.
  @FunctionalInterface
  public interface Finder {
    /// @param hasOrigin there is another way to the content
    List<InetAddress> holders(TaskId task, Digest digest, boolean hasOrigin);
  }

  /// @param firstByte from the connection to the end of the head of a reply
  /// @param piece for the content of one piece
  /// @param total for everything from one host
  /// @param content bytes, when nobody else says how many there are
  /// @param holders that are asked for one content
  public record Bounds(Duration firstByte, Duration piece, Duration total, long content, int holders) {}

  /// @param tuple of the resource: public, and asked for without credentials
  /// @param digest that decides
  /// @param length by the origin's word; absent when it has none
  /// @param hasOrigin there is another way to the content
  /// @param actor for the audit log
  public record Wanted(TaskTuple tuple, Digest digest, OptionalLong length, boolean hasOrigin, String actor) {}

  /// Content that has the digest.
  ///
  /// @param fresh it came just now
  public record Proven(StoredTask task, boolean fresh) {}

  public LegacyParents(LegacyParentsConfig config, Finder finder, PieceStore store, Timer timer, Audit audit, Bounds bounds) {
    this(config, finder, store, audit, new LegacyFetch.Means(Connection::tcp, timer, bounds));
  }

  LegacyParents(LegacyParentsConfig config, Finder finder, PieceStore store, Audit audit, LegacyFetch.Means means) {
    this.config = config;
    this.finder = finder;
    this.store = store;
    this.audit = audit;
    this.means = means;
    var rule =
        new EgressRule(
            "legacy-parents", List.of("http"), List.of(), config.networks(), List.of(config.piecePort()), Optional.empty());
    this.gate = new EgressGate(new EgressPolicy(List.of(rule)), _ -> List.of(), 1, audit);
  }

  /// Whether a task was made here: it is of no swarm.
  public static boolean isProvenOnly(StoredTask task) {
    return task.tuple().contentKey().filter(key -> key.startsWith(PREFIX)).isPresent();
  }

  /// The content, from the store or from the first host that has it; empty when there is none or it was cancelled.
  public Optional<Proven> fetch(Wanted wanted, Cancel cancel) {
    if (wanted.length().isPresent() && wanted.length().getAsLong() > means.bounds().content()) {
      return Optional.empty();
    }
    TaskTuple own = provenTuple(wanted);
    turns.enter(own.id());
    try {
      Optional<StoredTask> held = held(own, wanted.digest());
      return held.isPresent() ? Optional.of(new Proven(held.get(), false)) : fetch(wanted, own, cancel);
    } catch (RequestFailure | UncheckedIOException storeFailed) {
      return Optional.empty();
    } finally {
      turns.leave(own.id());
    }
  }

  private static TaskTuple provenTuple(Wanted wanted) {
    TaskTuple of = wanted.tuple();
    return new TaskTuple(
        TaskTuple.Form.CONTENT_KEY,
        of.canonicalUrl(),
        of.tag(),
        of.application(),
        of.revision(),
        of.pieceLength(),
        Optional.of(PREFIX + of.fingerprint().hex() + " " + wanted.digest()));
  }

  private Optional<StoredTask> held(TaskTuple own, Digest digest) {
    return store.find(own.id(), false).filter(StoredTask::complete).filter(task -> task.matches(digest));
  }

  private Optional<Proven> fetch(Wanted wanted, TaskTuple own, Cancel cancel) {
    List<InetAddress> holders = finder.holders(wanted.tuple().id(), wanted.digest(), wanted.hasOrigin());
    for (InetAddress holder : holders.subList(0, Math.min(holders.size(), means.bounds().holders()))) {
      Optional<CheckedAddress> address = checked(holder);
      if (address.isPresent() && !cancel.isCancelled()) {
        StoredTask task = store.open(own, false);
        if (came(wanted, address.get(), task, cancel)) {
          return Optional.of(new Proven(task, true));
        }
      }
    }
    return Optional.empty();
  }

  /// Empty for an address outside the configured blocks, which the gate records.
  private Optional<CheckedAddress> checked(InetAddress holder) {
    try {
      var target = new Target("http", IpLiteral.text(holder), config.piecePort());
      return Optional.of(gate.check(target, "legacy parent").getFirst());
    } catch (Refused denied) {
      return Optional.empty();
    }
  }

  private boolean came(Wanted wanted, CheckedAddress host, StoredTask task, Cancel cancel) {
    String reason;
    try (var fetch = new LegacyFetch(wanted, host, task, means, cancel)) {
      boolean same = fetch.run(new PieceSource.Legacy(host.host()));
      if (same) {
        record(AuditAction.LEGACY_FETCH, wanted, host, "", fetch.received());
      } else {
        record(AuditAction.DIGEST_MISMATCH, wanted, host, "DIGEST_MISMATCH", fetch.received());
      }
      return same;
    } catch (BadFrame e) {
      reason = "PROTOCOL_BROKEN";
    } catch (IOException e) {
      reason = cancel.isCancelled() ? "CANCELLED" : "UNREACHABLE";
    } catch (UncheckedIOException e) {
      reason = "LOCAL_DISK";
    } catch (RequestFailure e) {
      reason = e.reason().name();
    }
    record(AuditAction.LEGACY_FETCH, wanted, host, reason, 0);
    return false;
  }

  private void record(AuditAction action, Wanted wanted, CheckedAddress host, String reason, long bytes) {
    audit.record(
        new AuditEvent(
            action,
            wanted.actor(),
            "task:" + wanted.tuple().id(),
            reason.isEmpty() ? AuditEvent.Decision.DONE : AuditEvent.Decision.FAILED,
            reason,
            "legacy",
            Map.of(
                "expected", wanted.digest().toString(), "holder", host.host(), "bytes", Long.toString(bytes), "warning", WARNING)));
  }
}
