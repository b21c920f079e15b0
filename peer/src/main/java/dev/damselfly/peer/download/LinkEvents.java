package dev.damselfly.peer.download;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.store.VerifiedPiece;
import dev.damselfly.peer.transfer.ParentLink;
import java.util.List;
import java.util.function.Consumer;

/// What links say, as events for the session.
record LinkEvents(Consumer<SessionEvent> session) implements ParentLink.Listener {
  @Override
  public void ready(ParentLink link) {
    session.accept(new SessionEvent.Ready(link));
  }

  @Override
  public void have(ParentLink link, List<PieceNumber> numbers) {
    session.accept(new SessionEvent.Have(link, numbers));
  }

  @Override
  public void received(ParentLink link, VerifiedPiece piece) {
    session.accept(new SessionEvent.Received(link, piece));
  }

  @Override
  public void failed(ParentLink link, PieceNumber number, ParentLink.Failure failure) {
    session.accept(new SessionEvent.Failed(link, number, failure));
  }

  @Override
  public void closed(ParentLink link, ParentLink.Failure failure) {
    session.accept(new SessionEvent.Closed(link, failure));
  }
}
