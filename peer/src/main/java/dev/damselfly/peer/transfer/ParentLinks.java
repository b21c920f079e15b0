package dev.damselfly.peer.transfer;

/// Opens connections to parents. Thread-safe.
public final class ParentLinks implements AutoCloseable {
  /// Starts connecting and shows the grant; what happens is told to the listener.
  public ParentLink open(ParentRef parent, ParentLink.Listener listener) {
    throw new UnsupportedOperationException();
  }

  /// Ends all links and waits for their hashing work.
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
