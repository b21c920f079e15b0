package dev.damselfly.scheduler.task;

import static dev.damselfly.scheduler.task.PeerState.BACK_TO_SOURCE;
import static dev.damselfly.scheduler.task.PeerState.FAILED;
import static dev.damselfly.scheduler.task.PeerState.LEAVE;
import static dev.damselfly.scheduler.task.PeerState.PENDING;
import static dev.damselfly.scheduler.task.PeerState.RECEIVED_EMPTY;
import static dev.damselfly.scheduler.task.PeerState.RECEIVED_NORMAL;
import static dev.damselfly.scheduler.task.PeerState.RECEIVED_SMALL;
import static dev.damselfly.scheduler.task.PeerState.RECEIVED_TINY;
import static dev.damselfly.scheduler.task.PeerState.RUNNING;
import static dev.damselfly.scheduler.task.PeerState.SUCCEEDED;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// What happens to a peer: the whole state machine as one table.
public enum PeerEvent {
  REGISTER_EMPTY(RECEIVED_EMPTY, EnumSet.of(PENDING)),
  REGISTER_TINY(RECEIVED_TINY, EnumSet.of(PENDING)),
  REGISTER_SMALL(RECEIVED_SMALL, EnumSet.of(PENDING)),
  REGISTER_NORMAL(RECEIVED_NORMAL, EnumSet.of(PENDING)),
  DOWNLOAD(RUNNING, EnumSet.of(RECEIVED_EMPTY, RECEIVED_TINY, RECEIVED_SMALL, RECEIVED_NORMAL)),
  DOWNLOAD_BACK_TO_SOURCE(
      BACK_TO_SOURCE, EnumSet.of(RECEIVED_EMPTY, RECEIVED_TINY, RECEIVED_SMALL, RECEIVED_NORMAL, RUNNING)),
  DOWNLOAD_SUCCEEDED(
      SUCCEEDED, EnumSet.of(RECEIVED_EMPTY, RECEIVED_TINY, RECEIVED_SMALL, RECEIVED_NORMAL, RUNNING, BACK_TO_SOURCE)),
  DOWNLOAD_FAILED(FAILED, EnumSet.complementOf(EnumSet.of(FAILED, LEAVE))),
  LEAVES(LEAVE, EnumSet.complementOf(EnumSet.of(LEAVE)));

  private final PeerState to;
  @SuppressWarnings("ImmutableEnumChecker") // an unmodifiable view of a set that nobody else holds
  private final Set<PeerState> from;

  PeerEvent(PeerState to, Set<PeerState> from) {
    this.to = to;
    this.from = Collections.unmodifiableSet(from);
  }

  /// The state after the event; absent when the event is not possible in this state.
  public Optional<PeerState> from(PeerState state) {
    return from.contains(state) ? Optional.of(to) : Optional.empty();
  }

  /// Events after which the peer takes from nobody: its in-edges go.
  boolean endsTaking() {
    return switch (this) {
      case DOWNLOAD_BACK_TO_SOURCE, DOWNLOAD_SUCCEEDED, DOWNLOAD_FAILED, LEAVES -> true;
      case REGISTER_EMPTY, REGISTER_TINY, REGISTER_SMALL, REGISTER_NORMAL, DOWNLOAD -> false;
    };
  }
}
