package dev.damselfly.peer.tools;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.peer.store.PieceReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;

/// Content for a caller that writes its own file, one piece in memory at a time. For one thread.
final class InlineSink implements PieceSink {
  private final InlineBudget budget;
  private final String user;
  private final Duration patience;
  private final BitSet sent = new BitSet();
  private InlineBudget.Share share = InlineBudget.Share.NONE;

  InlineSink(InlineBudget budget, String user, Duration patience) {
    this.budget = budget;
    this.user = user;
    this.patience = patience;
  }

  /// The piece before is with the caller: it took more.
  @Override
  public Optional<ByteString> take(PieceReader piece) throws IOException, InterruptedException, Told.Gone {
    share.close();
    share = InlineBudget.Share.NONE;
    int number = piece.record().number().value();
    if (sent.get(number)) {
      throw new Refused(Reason.ORIGIN_CHANGED, "daemon: a piece that was sent is not vouched for any more; ask again");
    }
    ByteRange range = piece.record().range();
    share = budget.take(user, range.length(), patience);
    var bytes = new byte[Math.toIntExact(range.length())];
    piece.readFully(ByteBuffer.wrap(bytes), range.start());
    sent.set(number);
    return Optional.of(UnsafeByteOperations.unsafeWrap(bytes)); // nobody else has the array
  }

  @Override
  public void finish(long contentLength) {
    // the caller completes its file
  }

  @Override
  public void close() {
    share.close();
  }
}
