package dev.damselfly.dist.lazy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.dist.lazy.LazyFailed.Kind;
import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import dev.damselfly.nydus.chunk.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Verified chunks of an image of a registry: from the cache, else by range through the mirror. Thread-safe.
///
/// A chunk is fetched once however many wait for it. What a reader waits for is fetched at once, on its own thread; what is
/// only expected to be read waits while there is such a reader.
public final class LazyChunks implements ChunkSource {
  /// Bytes fetched ahead of a reader that reads in order.
  public static final long WINDOW = 32L << 20;

  private static final int FETCHERS = 3;
  private static final long MEMORY = 32L << 20;

  private final BlobFetcher fetcher;
  private final ChunkCache cache;
  private final Map<String, BlobCache> caches = new ConcurrentHashMap<>();
  private final Map<Key, CompletableFuture<VerifiedChunk>> underway = new ConcurrentHashMap<>();
  private final ExecutorService fetchers = Executors.newFixedThreadPool(FETCHERS, Thread.ofPlatform().daemon().name("nydus-ahead-", 0).factory());
  private final Gate gate = new Gate();
  private final AtomicLong verified = new AtomicLong();
  private volatile Ahead ahead = new Ahead(List.<Chunk>of().iterator(), this::fetch, WINDOW);

  /// Chunks that the cache does not take, the oldest first.
  @GuardedBy("recent")
  private final LinkedHashMap<Key, VerifiedChunk> recent = new LinkedHashMap<>();

  @GuardedBy("recent")
  private long recentBytes;

  private record Key(int blob, int index) {
    static Key of(Chunk chunk) {
      return new Key(chunk.blob().index(), chunk.index());
    }
  }

  public LazyChunks(RegistryImage image, Mirror mirror, ChunkCache cache) {
    this.fetcher = new BlobFetcher(image, mirror);
    this.cache = cache;
  }

  @Override
  public ByteBuffer bytes(ChunkNeed need) throws LazyFailed {
    ahead.advanced(0); // the first call starts it
    var into = ByteBuffer.allocate(need.length());
    read(need, into);
    ahead.advanced(need.length());
    return into.flip();
  }

  @Override
  public void willRead(Iterator<Chunk> chunks) {
    ahead = new Ahead(chunks, this::fetch, WINDOW);
  }

  /// Copies the part of a chunk into a buffer with room for it.
  void read(ChunkNeed need, ByteBuffer into) throws LazyFailed {
    Chunk chunk = need.chunk();
    ByteBuffer part = into.slice(into.position(), need.length());
    try {
      if (!cacheOf(chunk.blob()).read(chunk, need.from(), part)) {
        part.clear().put(await(chunk).bytes(need));
      }
      into.position(into.position() + need.length());
    } catch (IOException e) {
      throw new LazyFailed(Kind.LOCAL, "the cache of chunks cannot be used");
    }
  }

  private BlobCache cacheOf(Blob blob) throws IOException {
    BlobCache known = caches.get(blob.id());
    if (known != null) {
      return known;
    }
    synchronized (caches) {
      known = caches.get(blob.id());
      if (known == null) {
        known = cache.blob(blob.id());
        caches.put(blob.id(), known);
      }
      return known;
    }
  }

  private VerifiedChunk await(Chunk chunk) throws LazyFailed, IOException {
    Key key = Key.of(chunk);
    VerifiedChunk known = remembered(key);
    if (known != null) {
      return known;
    }
    var mine = new CompletableFuture<VerifiedChunk>();
    CompletableFuture<VerifiedChunk> other = underway.putIfAbsent(key, mine);
    if (other != null) {
      try {
        return other.join();
      } catch (CompletionException failed) {
        underway.putIfAbsent(key, mine); // what was only tried ahead is tried in earnest
      }
    }
    gate.enter();
    try {
      VerifiedChunk got = keep(fetcher.one(chunk));
      mine.complete(got);
      return got;
    } catch (LazyFailed | IOException | RuntimeException e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      gate.leave();
      underway.remove(key, mine);
    }
  }

  private VerifiedChunk keep(VerifiedChunk got) throws IOException {
    verified.incrementAndGet();
    if (!cacheOf(got.chunk().blob()).put(got)) {
      remember(got);
    }
    return got;
  }

  private @Nullable VerifiedChunk remembered(Key key) {
    synchronized (recent) {
      return recent.get(key);
    }
  }

  private void remember(VerifiedChunk got) {
    synchronized (recent) {
      if (recent.put(Key.of(got.chunk()), got) == null) {
        recentBytes += got.chunk().uncompressedSize();
      }
      Iterator<VerifiedChunk> oldest = recent.values().iterator();
      while (recentBytes > MEMORY && oldest.hasNext()) {
        recentBytes -= oldest.next().chunk().uncompressedSize();
        oldest.remove();
      }
    }
  }

  /// Begins to fetch what is not here, neighbours in one range.
  void fetch(List<Chunk> chunks) {
    var wanted = new ArrayList<Chunk>();
    for (Chunk chunk : chunks) {
      try {
        if (!cacheOf(chunk.blob()).has(chunk) && remembered(Key.of(chunk)) == null) {
          wanted.add(chunk);
        }
      } catch (IOException e) {
        return; // the reader will be told
      }
    }
    for (List<Chunk> run : BlobFetcher.runs(wanted)) {
      var promised = new LinkedHashMap<Chunk, CompletableFuture<VerifiedChunk>>();
      for (Chunk chunk : run) {
        var promise = new CompletableFuture<VerifiedChunk>();
        if (underway.putIfAbsent(Key.of(chunk), promise) == null) {
          promised.put(chunk, promise);
        }
      }
      if (!promised.isEmpty()) {
        submit(promised);
      }
    }
  }

  private void submit(Map<Chunk, CompletableFuture<VerifiedChunk>> promised) {
    try {
      fetchers.execute(() -> fetchAhead(promised));
    } catch (RejectedExecutionException closed) {
      giveUp(promised, closed);
    }
  }

  private void fetchAhead(Map<Chunk, CompletableFuture<VerifiedChunk>> promised) {
    try {
      gate.passWhenFree();
      fetcher.run(List.copyOf(promised.keySet()), got -> {
        VerifiedChunk kept = keep(got);
        CompletableFuture<VerifiedChunk> promise = promised.get(got.chunk());
        if (promise != null) {
          promise.complete(kept);
          underway.remove(Key.of(got.chunk()), promise);
        }
      });
    } catch (LazyFailed | IOException | RuntimeException e) {
      giveUp(promised, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      giveUp(promised, e);
    }
  }

  private void giveUp(Map<Chunk, CompletableFuture<VerifiedChunk>> promised, Exception why) {
    promised.forEach((chunk, promise) -> {
      promise.completeExceptionally(why);
      underway.remove(Key.of(chunk), promise);
    });
  }

  /// Chunks fetched and verified so far.
  public long verified() {
    return verified.get();
  }

  @Override
  public void close() {
    fetchers.shutdownNow();
    gate.open();
    caches.values().forEach(BlobCache::close);
  }
}
