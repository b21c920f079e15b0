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
  private final Map<Key, Promise> underway = new ConcurrentHashMap<>();
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
    VerifiedChunk here = remembered(key);
    if (here != null) {
      return here;
    }
    var mine = new Promise();
    Promise known = underway.putIfAbsent(key, mine);
    Promise promise = known == null ? mine : known;
    gate.enter();
    try {
      if (!promise.begin()) {
        try {
          return promise.await();
        } catch (CompletionException failed) {
          promise = mine; // what was only tried ahead is tried in earnest
          promise.begin();
          underway.putIfAbsent(key, promise);
        }
      }
      return one(chunk, promise);
    } finally {
      gate.leave();
      underway.remove(key, promise);
    }
  }

  private VerifiedChunk one(Chunk chunk, Promise promise) throws LazyFailed, IOException {
    try {
      VerifiedChunk got = keep(fetcher.one(chunk));
      promise.keep(got);
      return got;
    } catch (LazyFailed | IOException | RuntimeException e) {
      promise.breakFor(e);
      throw e;
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

  /// Whether the chunk would have to be fetched.
  boolean lacks(Chunk chunk) throws IOException {
    return !cacheOf(chunk.blob()).has(chunk) && remembered(Key.of(chunk)) == null;
  }

  /// Begins to fetch what is not here, neighbours in one range.
  void fetch(List<Chunk> chunks) {
    try {
      for (Map<Chunk, Promise> promised : promised(chunks)) {
        submit(promised);
      }
    } catch (IOException e) {
      // the reader will be told
    }
  }

  /// Fetches what is not here, neighbours in one range, each only while no reader waits.
  void fetchNow(List<Chunk> chunks) throws LazyFailed, IOException, InterruptedException {
    List<Map<Chunk, Promise>> all = promised(chunks);
    try {
      for (Map<Chunk, Promise> promised : all) {
        gate.awaitFree();
        run(promised);
      }
    } catch (LazyFailed | IOException | RuntimeException | InterruptedException e) {
      all.forEach(promised -> giveUp(promised, e));
      throw e;
    }
  }

  /// Fetches chunks of one blob in one request, which pauses while a reader waits. A reader waits for none of them.
  ///
  /// @param chunks in the order of the blob's bytes
  void stream(List<Chunk> chunks) throws LazyFailed, InterruptedException {
    gate.awaitFree();
    fetcher.stream(chunks, new BlobFetcher.Stream() {
      @Override
      public boolean wants(Chunk chunk) throws IOException, InterruptedException {
        gate.awaitFree();
        return lacks(chunk);
      }

      @Override
      public void take(VerifiedChunk chunk) throws IOException {
        keep(chunk);
      }
    });
  }

  /// Promises for what is not here and nobody promised, one map for each range.
  private List<Map<Chunk, Promise>> promised(List<Chunk> chunks) throws IOException {
    var wanted = new ArrayList<Chunk>();
    for (Chunk chunk : chunks) {
      if (lacks(chunk)) {
        wanted.add(chunk);
      }
    }
    var all = new ArrayList<Map<Chunk, Promise>>();
    for (List<Chunk> run : BlobFetcher.runs(wanted)) {
      var promised = new LinkedHashMap<Chunk, Promise>();
      for (Chunk chunk : run) {
        var promise = new Promise();
        if (underway.putIfAbsent(Key.of(chunk), promise) == null) {
          promised.put(chunk, promise);
        }
      }
      if (!promised.isEmpty()) {
        all.add(promised);
      }
    }
    return all;
  }

  private void submit(Map<Chunk, Promise> promised) {
    try {
      fetchers.execute(() -> fetchAhead(promised));
    } catch (RejectedExecutionException closed) {
      giveUp(promised, closed);
    }
  }

  private void fetchAhead(Map<Chunk, Promise> promised) {
    try {
      gate.passWhenFree();
      run(promised);
    } catch (LazyFailed | IOException | RuntimeException e) {
      giveUp(promised, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      giveUp(promised, e);
    }
  }

  private void run(Map<Chunk, Promise> promised) throws LazyFailed, IOException {
    promised.values().removeIf(promise -> !promise.begin()); // a reader took it over
    if (promised.isEmpty()) {
      return;
    }
    try {
      fetcher.run(List.copyOf(promised.keySet()), got -> {
        VerifiedChunk kept = keep(got);
        Promise promise = promised.get(got.chunk());
        if (promise != null) {
          promise.keep(kept);
          underway.remove(Key.of(got.chunk()), promise);
        }
      });
    } catch (LazyFailed | IOException | RuntimeException e) {
      promised.forEach((chunk, promise) -> undo(chunk, promise, e));
      throw e;
    }
  }

  /// Takes back what nobody began.
  private void giveUp(Map<Chunk, Promise> promised, Exception why) {
    promised.forEach((chunk, promise) -> {
      if (promise.begin()) {
        undo(chunk, promise, why);
      }
    });
  }

  private void undo(Chunk chunk, Promise promise, Exception why) {
    promise.breakFor(why);
    underway.remove(Key.of(chunk), promise);
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
