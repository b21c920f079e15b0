package dev.damselfly.peer.download;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.origin.OriginFacts;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// Step 1: asks the origin for the facts of the content and, with that, whether this caller may have it. Blocking.
///
/// Public content that is complete in the store needs no origin. Restricted content needs the origin's yes to this
/// caller's own credentials, at most some minutes old.
final class OriginCheck {
  private final OriginReader origins;
  private final PieceStore store;
  private final Decisions decisions;
  private final Audit audit;
  private final Predicate<Admission> credentials;

  /// What the caller may have.
  ///
  /// @param facts absent when the origin was not to be asked
  record Cleared(boolean restricted, Optional<ContentFacts> facts) {}

  /// @param credentials whether a request carries any
  OriginCheck(OriginReader origins, PieceStore store, Decisions decisions, Audit audit, Predicate<Admission> credentials) {
    this.origins = origins;
    this.store = store;
    this.decisions = decisions;
    this.audit = audit;
    this.credentials = credentials;
  }

  /// @param running facts of a session of the same public task, which spare the question
  /// @throws RequestFailure when egress or origin refuse
  Cleared check(Admission asked, LocalCaller caller, Optional<ContentFacts> running) {
    return credentials.test(asked) ? restricted(asked, caller) : open(asked, running);
  }

  private Cleared open(Admission asked, Optional<ContentFacts> running) {
    Optional<ContentFacts> known =
        store.find(asked.tuple().id(), false)
            .filter(task -> task.tuple().fingerprint().equals(asked.tuple().fingerprint()))
            .filter(StoredTask::complete)
            .flatMap(StoredTask::facts)
            .or(() -> running);
    if (known.isPresent() || !asked.mayUseOrigin()) {
      return new Cleared(false, known);
    }
    return new Cleared(false, Optional.of(facts(asked, origins.stat(asked.origin()))));
  }

  private Cleared restricted(Admission asked, LocalCaller caller) {
    Optional<ContentFacts> decided = decisions.find(asked.tuple(), asked.origin());
    if (decided.isPresent()) {
      record(AuditAction.CACHE_GRANT, asked, caller, "");
      return new Cleared(true, decided);
    }
    if (!asked.mayUseOrigin()) {
      record(AuditAction.CACHE_DENY, asked, caller, Reason.NO_SOURCE.name());
      throw new Refused(
          Reason.NO_SOURCE,
          "daemon: the origin did not accept these credentials lately and may not be asked now; allow back to source");
    }
    try {
      ContentFacts facts = facts(asked, origins.stat(asked.origin()));
      record(AuditAction.CACHE_GRANT, asked, caller, "");
      decisions.accepted(asked.tuple(), asked.origin(), facts);
      return new Cleared(true, Optional.of(facts));
    } catch (RequestFailure failure) {
      decisions.refused(asked.tuple(), asked.origin());
      record(AuditAction.CACHE_DENY, asked, caller, failure.reason().name());
      throw failure;
    }
  }

  private static ContentFacts facts(Admission asked, OriginFacts origin) {
    long pieceLength =
        asked.tuple().pieceLength().isPresent()
            ? asked.tuple().pieceLength().getAsLong()
            : origin.length().isPresent()
                ? PieceLayout.standard(origin.length().getAsLong()).pieceLength()
                : PieceLayout.MIN_PIECE;
    return new ContentFacts(origin.length(), pieceLength, origin.etag(), origin.lastModified(), origin.ranges());
  }

  private void record(AuditAction action, Admission asked, LocalCaller caller, String reason) {
    var decision = reason.isEmpty() ? AuditEvent.Decision.ALLOW : AuditEvent.Decision.DENY;
    audit.record(
        new AuditEvent(
            action,
            caller.actor(),
            "task:" + asked.tuple().id(),
            decision,
            reason,
            "local",
            Map.of("origin", asked.tuple().canonicalUrl().host())));
  }
}
