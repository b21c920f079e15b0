package dev.damselfly.peer.transfer;

/// The other end broke the frame protocol; the connection ends. No stack trace: strangers can trigger it.
public final class BadFrame extends Exception {
  private static final long serialVersionUID = 1L;

  /// @param rule what a good frame looks like; never bytes of the bad one
  public BadFrame(String rule) {
    super(rule, null, false, false);
  }
}
