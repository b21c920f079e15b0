package dev.damselfly.peer.download;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.VerifiedPiece;
import dev.damselfly.peer.swarm.SwarmEvent;
import dev.damselfly.peer.transfer.ParentLink;
import java.util.List;

/// Everything that can happen to a session.
sealed interface SessionEvent {
  /// A caller wants the content.
  record Joined(Interest interest) implements SessionEvent {}

  /// A caller does not wait any more.
  record Gone(Interest interest) implements SessionEvent {}

  /// The caller's time is over.
  record TooLate(Interest interest) implements SessionEvent {}

  /// @param membership number of the membership that it came from
  record FromSwarm(int membership, SwarmEvent event) implements SessionEvent {}

  record Ready(ParentLink link) implements SessionEvent {}

  record Have(ParentLink link, List<PieceNumber> numbers) implements SessionEvent {}

  record Received(ParentLink link, VerifiedPiece piece) implements SessionEvent {}

  record Failed(ParentLink link, PieceNumber number, ParentLink.Failure failure) implements SessionEvent {}

  record Closed(ParentLink link, ParentLink.Failure failure) implements SessionEvent {}

  /// A piece was read from the origin; the owner commits and closes the sink.
  record Fetched(OriginRun run, IncomingPiece sink, VerifiedPiece piece) implements SessionEvent {}

  /// The content ended here.
  record LengthKnown(OriginRun run, long length) implements SessionEvent {}

  /// A run ended; pieces that it did not deliver are not fetched.
  record RunEnded(OriginRun run) implements SessionEvent {}

  record RunFailed(OriginRun run, RequestFailure failure) implements SessionEvent {}

  /// The whole content was compared with the digest that the caller asked for.
  record Compared(Interest interest, boolean matches) implements SessionEvent {}

  /// The content was not complete any more when it was to be compared.
  record NotCompared(Interest interest) implements SessionEvent {}

  /// The download cannot go on.
  record Broken(RequestFailure failure) implements SessionEvent {}

  /// Schedulers were found.
  record SchedulersFound() implements SessionEvent {}

  /// A time came.
  record Due(What what) implements SessionEvent {}

  /// The process stops.
  record Stop() implements SessionEvent {}

  /// What a time came for.
  enum What {
    REJOIN,
    ALONE,
    STALL,
    RECHECK,
    PARENTS,
    SERVED
  }
}
