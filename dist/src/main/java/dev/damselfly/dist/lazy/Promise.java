package dev.damselfly.dist.lazy;

import dev.damselfly.nydus.chunk.VerifiedChunk;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/// A chunk that somebody will fetch, once. Whoever begins it does; so a reader takes over what only stands in a queue.
/// Thread-safe.
final class Promise {
  private final CompletableFuture<VerifiedChunk> chunk = new CompletableFuture<>();
  private final AtomicBoolean begun = new AtomicBoolean();

  /// @return true for one caller: it has to keep or to break the promise
  boolean begin() {
    return begun.compareAndSet(false, true);
  }

  void keep(VerifiedChunk got) {
    chunk.complete(got);
  }

  void breakFor(Exception why) {
    chunk.completeExceptionally(why);
  }

  /// Waits.
  ///
  /// @throws java.util.concurrent.CompletionException when it is broken
  VerifiedChunk await() {
    return chunk.join();
  }
}
