package dev.damselfly.dist.lazy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.nydus.Chunk;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/// What one reader will read next, a window ahead of it. Thread-safe.
final class Ahead {
  private final Iterator<Chunk> chunks;
  private final Consumer<List<Chunk>> fetch;
  private final long window;

  @GuardedBy("this")
  private long asked;

  @GuardedBy("this")
  private long read;

  /// @param window bytes that are fetched and not yet read, at most
  Ahead(Iterator<Chunk> chunks, Consumer<List<Chunk>> fetch, long window) {
    this.chunks = chunks;
    this.fetch = fetch;
    this.window = window;
  }

  /// The reader has come so much further. New fetches begin in batches of half a window, so that neighbours become one.
  void advanced(long bytes) {
    List<Chunk> batch = new ArrayList<>();
    synchronized (this) {
      read += bytes;
      if (asked - read > window / 2) {
        return;
      }
      while (asked - read < window && chunks.hasNext()) {
        Chunk next = chunks.next();
        asked += next.uncompressedSize();
        batch.add(next);
      }
    }
    if (!batch.isEmpty()) {
      fetch.accept(batch);
    }
  }
}
