package dev.damselfly.scheduler.task;

/// States of a peer, spelled as on the wire.
public enum PeerState {
  PENDING("Pending"),
  RECEIVED_EMPTY("ReceivedEmpty"),
  RECEIVED_TINY("ReceivedTiny"),
  RECEIVED_SMALL("ReceivedSmall"),
  RECEIVED_NORMAL("ReceivedNormal"),
  RUNNING("Running"),
  BACK_TO_SOURCE("BackToSource"),
  SUCCEEDED("Succeeded"),
  FAILED("Failed"),
  LEAVE("Leave");

  private final String wire;

  PeerState(String wire) {
    this.wire = wire;
  }

  public String wire() {
    return wire;
  }

  /// Has pieces or gets them now: what children may be sent to.
  public boolean isAvailable() {
    return this == RUNNING || this == BACK_TO_SOURCE || this == SUCCEEDED;
  }
}
