package dev.damselfly.dist.real;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Content with a strong entity tag and byte ranges, sent as HTTP wants it. A test that needs the middle of a download
/// shuts a gate: the origin sends so many pieces and then waits. One that needs a long download makes the origin slow.
final class GoodContent implements ScriptedOrigin.Script {
  static final int PIECE = 4 << 20;
  static final int STEP = 64 << 10;
  private static final int OPEN = Integer.MAX_VALUE / 2;

  private final byte[] bytes;
  private final String etag;
  private final AtomicLong sent = new AtomicLong();
  private final Semaphore pieces = new Semaphore(OPEN);
  private final Semaphore steps = new Semaphore(OPEN, true); // fair: a slow origin is slow to everybody

  private GoodContent(byte[] bytes, String etag) {
    this.bytes = bytes;
    this.etag = etag;
  }

  static GoodContent of(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return new GoodContent(bytes, "\"v" + seed + "\"");
  }

  byte[] bytes() {
    return bytes;
  }

  String etag() {
    return etag;
  }

  /// Bytes of content that were sent, without those that only ask what the content is like.
  long sent() {
    return sent.get();
  }

  /// Lets no more than so many pieces through from now on.
  void shutAfter(int count) {
    pieces.drainPermits();
    pieces.release(count);
  }

  /// From now on nothing is sent but the steps that [#step] allows.
  void slow() {
    steps.drainPermits();
  }

  void step(int count) {
    steps.release(count);
  }

  void open() {
    pieces.release(OPEN);
    steps.release(OPEN);
  }

  @Override
  public void answer(ScriptedOrigin.Request request, OutputStream out) throws IOException, InterruptedException {
    Optional<long[]> range = request.range();
    int from = range.map(ends -> (int) ends[0]).orElse(0);
    int to = range.map(ends -> (int) Math.min(ends[1] + 1, bytes.length)).orElse(bytes.length);
    head(range, from, to, out);
    if (!request.method().equals("GET")) {
      return;
    }
    if (!request.wantsContent()) {
      out.write(bytes, from, to - from);
      return;
    }
    for (int at = from; at < to; at += STEP) {
      if (at % PIECE == 0 && !pieces.tryAcquire(3, TimeUnit.MINUTES) || !steps.tryAcquire(3, TimeUnit.MINUTES)) {
        throw new IOException("the gate stayed shut");
      }
      int length = Math.min(STEP, to - at);
      out.write(bytes, at, length);
      sent.addAndGet(length);
    }
  }

  /// The head of a good answer, for scripts that go wrong behind it.
  void head(Optional<long[]> range, int from, int to, OutputStream out) throws IOException {
    String length = "content-length: " + (to - from);
    if (range.isPresent()) {
      ScriptedOrigin.head(
          out, "206 Partial Content", "etag: " + etag, length, "content-range: bytes " + from + "-" + (to - 1) + "/" + bytes.length);
    } else {
      ScriptedOrigin.head(out, "200 OK", "etag: " + etag, length, "accept-ranges: bytes");
    }
  }

  /// Another version: one byte differs, and the tag when it is said so.
  GoodContent changed(boolean otherTag) {
    byte[] other = Arrays.copyOf(bytes, bytes.length);
    other[other.length / 2] ^= 1;
    return new GoodContent(other, otherTag ? "\"changed\"" : etag);
  }
}
