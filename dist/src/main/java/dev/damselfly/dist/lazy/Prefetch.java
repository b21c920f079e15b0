package dev.damselfly.dist.lazy;

import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.Entry;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.NodeType;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Fetches what nobody asked for yet, from [#start] to [#close], on a thread of its own and only while no reader waits.
///
/// A budget bounds what one image may fetch and keep this way; readers have none.
public final class Prefetch implements AutoCloseable {
  /// Bytes of content, when nothing else is said.
  public static final long BUDGET = 1L << 30;

  private static final long BATCH = 16L << 20;

  private final Image image;
  private final LazyChunks chunks;
  private final Consumer<LazyFailed> failures;
  private final AtomicLong left;
  private final Thread thread;
  private volatile boolean closed;

  /// What is fetched.
  public enum What {
    /// Nothing.
    NONE,
    /// What the image itself names in its prefetch table: files, and all files below directories.
    LIST,
    /// Every chunk, blob after blob, each blob in one request where the bootstrap tells the places of its chunks.
    ALL
  }

  private Prefetch(Image image, LazyChunks chunks, What what, long budget, Consumer<LazyFailed> failures) {
    this.image = image;
    this.chunks = chunks;
    this.failures = failures;
    this.left = new AtomicLong(budget);
    this.thread = Thread.ofPlatform().daemon().name("nydus-prefetch").unstarted(() -> run(what));
  }

  /// @param budget bytes of content, at most
  /// @param failures hears once why it ended early, unless it was closed
  public static Prefetch start(Image image, LazyChunks chunks, What what, long budget, Consumer<LazyFailed> failures) {
    var prefetch = new Prefetch(image, chunks, what, budget, failures);
    prefetch.thread.start();
    return prefetch;
  }

  private void run(What what) {
    try {
      switch (what) {
        case NONE -> { }
        case LIST -> list();
        case ALL -> all();
      }
    } catch (LazyFailed e) {
      ended(e);
    } catch (IOException e) {
      ended(new LazyFailed(LazyFailed.Kind.LOCAL, "the cache of chunks cannot be used"));
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private void ended(LazyFailed why) {
    if (!closed) {
      failures.accept(why);
    }
  }

  private void list() throws LazyFailed, IOException, InterruptedException {
    Deque<Node> open = new ArrayDeque<>(image.prefetch());
    var batch = new ArrayList<Chunk>();
    long bytes = 0;
    while (!open.isEmpty() && left.get() > 0) {
      Node node = open.removeFirst();
      if (node.type() == NodeType.DIRECTORY) {
        image.list(node, (Entry entry) -> open.addLast(entry.node()));
      }
      long count = node.type() == NodeType.FILE ? Math.ceilDiv(node.size(), (long) image.chunkSize()) : 0;
      for (long n = 0; n < count && left.get() > 0; n++) {
        Chunk chunk = image.chunk(node, n);
        if (chunks.lacks(chunk) && take(chunk)) {
          batch.add(chunk);
          bytes += chunk.uncompressedSize();
        }
        if (bytes >= BATCH) {
          chunks.fetchNow(batch);
          batch.clear();
          bytes = 0;
        }
      }
    }
    chunks.fetchNow(batch);
  }

  private void all() throws LazyFailed, IOException, InterruptedException {
    var inOneRequest = new TreeMap<Integer, List<Chunk>>();
    var oneByOne = new ArrayList<Chunk>();
    for (Chunk chunk : IntStream.range(0, image.chunkCount()).mapToObj(image::chunkAt).toList()) {
      if (chunks.lacks(chunk) && take(chunk)) {
        (chunk.needsInformation() ? oneByOne : inOneRequest.computeIfAbsent(chunk.blob().index(), _ -> new ArrayList<>())).add(chunk);
      }
    }
    for (List<Chunk> blob : inOneRequest.values()) {
      blob.sort(Comparator.comparingLong(Chunk::compressedOffset));
      chunks.stream(blob);
    }
    chunks.fetchNow(oneByOne);
  }

  /// Whether the budget has room for it; when it has none, nothing more is taken.
  private boolean take(Chunk chunk) {
    long rest = left.addAndGet(-chunk.uncompressedSize());
    if (rest < 0) {
      left.set(0);
    }
    return rest >= 0;
  }

  /// Waits until there is nothing more to fetch.
  public void await() throws InterruptedException {
    thread.join();
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
