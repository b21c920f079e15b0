package dev.damselfly.peer.testing;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.store.VerifiedPiece;
import dev.damselfly.peer.transfer.ParentLink;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Keeps what a link tells, in order, for a test that waits for it.
public final class LinkEvents implements ParentLink.Listener {
  /// One call of the listener.
  public sealed interface Event {
    record Ready() implements Event {}

    record Have(List<PieceNumber> numbers) implements Event {}

    record Received(VerifiedPiece piece) implements Event {}

    record Failed(int number, ParentLink.Failure failure) implements Event {}

    record Closed(ParentLink.Failure failure) implements Event {}
  }

  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();

  /// The next call, at most 30 s away.
  public Event next() throws InterruptedException {
    Event event = events.poll(30, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("nothing happened");
    }
    return event;
  }

  /// The next call of a kind; others before it are dropped.
  public <T extends Event> T next(Class<T> kind) throws InterruptedException {
    while (true) {
      Event event = next();
      if (kind.isInstance(event)) {
        return kind.cast(event);
      }
    }
  }

  public boolean isEmpty() {
    return events.isEmpty();
  }

  @Override
  public void ready(ParentLink link) {
    events.add(new Event.Ready());
  }

  @Override
  public void have(ParentLink link, List<PieceNumber> numbers) {
    events.add(new Event.Have(numbers));
  }

  @Override
  public void received(ParentLink link, VerifiedPiece piece) {
    events.add(new Event.Received(piece));
  }

  @Override
  public void failed(ParentLink link, PieceNumber number, ParentLink.Failure failure) {
    events.add(new Event.Failed(number.value(), failure));
  }

  @Override
  public void closed(ParentLink link, ParentLink.Failure failure) {
    events.add(new Event.Closed(failure));
  }
}
