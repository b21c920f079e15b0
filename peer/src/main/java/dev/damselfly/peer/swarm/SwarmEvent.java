package dev.damselfly.peer.swarm;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.transfer.ParentRef;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What a scheduler says in a membership, parsed: a value here broke no rule.
public sealed interface SwarmEvent {
  /// The scheduler took the registration.
  ///
  /// @param facts fixed for the task before, if any
  record Registered(Optional<ContentFacts> facts) implements SwarmEvent {}

  /// The facts of the content are fixed, or its length became known.
  record Content(ContentFacts facts) implements SwarmEvent {}

  record Attested(List<Attestation> pieces) implements SwarmEvent {}

  /// A parent that is named again brings a renewed grant.
  record Parents(List<ParentRef> added, List<String> removedPeerIds) implements SwarmEvent {}

  /// Pieces that this host alone is to read from the origin.
  ///
  /// @param whole everything in order, to the end of the content; `numbers` is empty then
  record Leased(long leaseId, List<PieceNumber> numbers, boolean whole, Duration deadline) implements SwarmEvent {}

  record LeaseRevoked(long leaseId) implements SwarmEvent {}

  record Quarantined(List<PieceNumber> numbers) implements SwarmEvent {}

  /// The last event of a membership that was not closed by us.
  ///
  /// @param reason given by the scheduler; absent when the stream just broke
  /// @param brokenRule what the scheduler sent wrong; empty when it did not
  record Lost(Optional<Reason> reason, String brokenRule) implements SwarmEvent {}
}
