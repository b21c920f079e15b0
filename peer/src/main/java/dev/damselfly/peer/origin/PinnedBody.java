package dev.damselfly.peer.origin;

import dev.damselfly.api.id.PieceLayout;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/// A body that ends exactly where it should, and arrives at a useful rate.
final class PinnedBody implements OriginBody {
  private static final int CHUNK = 64 << 10;

  private final Answer answer;
  private final InputStream in;
  private final OptionalLong expected;
  private final OriginsConfig config;
  private final Waits waits;
  private byte[] spare = new byte[0];
  private long received;
  private long waited;

  PinnedBody(Answer answer, OptionalLong expected, OriginsConfig config, Waits waits) throws IOException {
    this.answer = answer;
    this.in = answer.body();
    this.expected = expected;
    this.config = config;
    this.waits = waits;
  }

  @Override
  public int read(ByteBuffer into) {
    if (!into.hasRemaining()) {
      return 0;
    }
    long left = expected.orElse(PieceLayout.MAX_CONTENT) - received;
    try {
      int count = left == 0 ? end() : some(into, (int) Math.min(into.remaining(), left));
      if (count < 0 && expected.isPresent() && received < expected.getAsLong()) {
        throw Refusals.broken(answer.status(), "the body is shorter than its length");
      }
      received += Math.max(count, 0);
      requireRate();
      return count;
    } catch (IOException e) {
      throw Refusals.from(e, answer.status());
    }
  }

  /// @return -1: the byte after the last one must not exist
  private int end() throws IOException {
    if (in.read() >= 0) {
      throw Refusals.broken(answer.status(), "the body is longer than its length");
    }
    return -1;
  }

  private int some(ByteBuffer into, int most) throws IOException {
    long before = waits.nanoTime();
    try {
      if (into.hasArray()) {
        int count = in.read(into.array(), into.arrayOffset() + into.position(), most);
        into.position(into.position() + Math.max(count, 0));
        return count;
      }
      if (spare.length == 0) {
        spare = new byte[CHUNK];
      }
      int count = in.read(spare, 0, Math.min(most, CHUNK));
      into.put(spare, 0, Math.max(count, 0));
      return count;
    } finally {
      waited += waits.nanoTime() - before; // only the time that the origin took, not the reader's own
    }
  }

  private void requireRate() {
    if (waited > config.rateGrace().toNanos() && received < waited / 1_000_000 * config.minBytesPerSecond() / 1000) {
      throw Refusals.late("sends more slowly than the minimum rate");
    }
  }

  @Override
  public void close() {
    answer.close();
  }
}
