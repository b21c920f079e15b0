package dev.damselfly.dist.lazy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Digest;
import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.RafsRefused;
import dev.damselfly.nydus.chunk.BlobInformation;
import dev.damselfly.nydus.chunk.Frame;
import dev.damselfly.nydus.chunk.OpenFrame;
import dev.damselfly.nydus.chunk.Place;
import dev.damselfly.nydus.chunk.VerifiedChunk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Fetches frames of blobs and verifies their chunks. Thread-safe; keeps no verified bytes.
final class BlobFetcher {
  private static final int ON_DEMAND = 3;
  private static final int AHEAD = 1;
  private static final int RUN_BYTES = 4 << 20;

  /// Two neighbours with less than this between them are one range.
  private static final long GAP = 8 << 10;

  private static final int OPEN_FRAMES = 4;
  private static final int MOST_INFORMATION = 64 << 20;

  private final RegistryImage image;
  private final Mirror mirror;

  @GuardedBy("this")
  private final Map<Integer, BlobInformation> information = new HashMap<>();

  /// Frames that several chunks share.
  @GuardedBy("this")
  private final Map<Frame, OpenFrame> frames = new LinkedHashMap<>();

  /// Takes a verified chunk.
  interface Taker {
    void take(VerifiedChunk chunk) throws IOException;
  }

  BlobFetcher(RegistryImage image, Mirror mirror) {
    this.image = image;
    this.mirror = mirror;
  }

  /// A chunk that somebody waits for: exactly its frame is fetched.
  VerifiedChunk one(Chunk chunk) throws LazyFailed {
    try {
      Place place = place(chunk);
      OpenFrame open = chunk.needsInformation() ? shared(chunk.blob(), place.frame(), ON_DEMAND) : open(chunk.blob(), place.frame(), ON_DEMAND);
      return open.verify(chunk, place.at());
    } catch (RafsRefused e) {
      throw LazyFailed.refused("blob " + chunk.blob().id(), e);
    }
  }

  /// Neighbours, in one range.
  void run(List<Chunk> chunks, Taker taker) throws LazyFailed, IOException {
    if (chunks.size() == 1 || chunks.getFirst().needsInformation()) {
      for (Chunk chunk : chunks) {
        taker.take(one(chunk));
      }
      return;
    }
    Blob blob = chunks.getFirst().blob();
    long start = chunks.getFirst().compressedOffset();
    long end = chunks.stream().mapToLong(BlobFetcher::end).max().orElseThrow();
    byte[] bytes = mirror.range(blob.id(), new ByteRange(start, end - start), AHEAD);
    for (Chunk chunk : chunks) {
      int at = (int) (chunk.compressedOffset() - start);
      take(chunk, Arrays.copyOfRange(bytes, at, at + chunk.compressedSize()), taker);
    }
  }

  /// Who gets the chunks of a stream.
  interface Stream extends Taker {
    /// Called before each chunk: may wait.
    ///
    /// @return whether the chunk is still wanted; what is not is passed over
    boolean wants(Chunk chunk) throws IOException, InterruptedException;
  }

  /// Chunks of one blob, in the order of its bytes, in one request.
  ///
  /// @param chunks not empty; none of them needs chunk information
  /// @throws InterruptedException when the taker was interrupted; the request is given up
  void stream(List<Chunk> chunks, Stream taker) throws LazyFailed, InterruptedException {
    long start = chunks.getFirst().compressedOffset();
    long end = chunks.stream().mapToLong(BlobFetcher::end).max().orElseThrow();
    boolean[] interrupted = new boolean[1];
    try {
      stream(chunks, taker, start, end - start, interrupted);
    } catch (LazyFailed e) {
      if (interrupted[0]) {
        throw new InterruptedException();
      }
      throw e;
    }
  }

  private void stream(List<Chunk> chunks, Stream taker, long start, long length, boolean[] interrupted) throws LazyFailed {
    mirror.stream(chunks.getFirst().blob().id(), new ByteRange(start, length), body -> {
      long at = start;
      for (Chunk chunk : chunks) {
        boolean wanted;
        try {
          wanted = taker.wants(chunk);
        } catch (InterruptedException e) {
          interrupted[0] = true;
          throw new LazyFailed(LazyFailed.Kind.LOCAL, "nobody wants more of it");
        }
        if (chunk.compressedOffset() < at) {
          continue; // it shares bytes with another one
        }
        for (; at < chunk.compressedOffset(); at += Math.min(GAP, chunk.compressedOffset() - at)) {
          body.next((int) Math.min(GAP, chunk.compressedOffset() - at));
        }
        byte[] frame = body.next(chunk.compressedSize());
        at += frame.length;
        if (wanted) {
          take(chunk, frame, taker);
        }
      }
    });
  }

  private static void take(Chunk chunk, byte[] frame, Taker taker) throws LazyFailed, IOException {
    try {
      Place place = Place.of(chunk);
      taker.take(place.frame().open(frame).verify(chunk, place.at()));
    } catch (RafsRefused e) {
      throw LazyFailed.refused("blob " + chunk.blob().id(), e);
    }
  }

  private static long end(Chunk chunk) {
    return chunk.compressedOffset() + chunk.compressedSize();
  }

  /// Cuts chunks into runs that are one range each.
  static List<List<Chunk>> runs(List<Chunk> chunks) {
    var sorted = new ArrayList<>(chunks);
    sorted.sort(Comparator.comparingInt((Chunk chunk) -> chunk.blob().index()).thenComparingLong(Chunk::compressedOffset));
    var runs = new ArrayList<List<Chunk>>();
    List<Chunk> run = new ArrayList<>();
    for (Chunk chunk : sorted) {
      if (!run.isEmpty() && !continues(run, chunk)) {
        runs.add(run);
        run = new ArrayList<>();
      }
      run.add(chunk);
    }
    if (!run.isEmpty()) {
      runs.add(run);
    }
    var order = new IdentityHashMap<Chunk, Integer>();
    for (int i = chunks.size() - 1; i >= 0; i--) {
      order.put(chunks.get(i), i);
    }
    // What is read first comes first.
    runs.sort(Comparator.comparingInt(one -> one.stream().mapToInt(chunk -> order.getOrDefault(chunk, 0)).min().orElse(0)));
    return runs;
  }

  private static boolean continues(List<Chunk> run, Chunk next) {
    Chunk last = run.getLast();
    return !next.needsInformation()
        && !last.needsInformation()
        && next.blob().index() == last.blob().index()
        && next.compressedOffset() - end(last) <= GAP
        && end(next) - run.getFirst().compressedOffset() <= RUN_BYTES;
  }

  private Place place(Chunk chunk) throws LazyFailed, RafsRefused {
    return chunk.needsInformation() ? information(chunk.blob()).place(chunk) : Place.of(chunk);
  }

  private OpenFrame open(Blob blob, Frame frame, int attempts) throws LazyFailed, RafsRefused {
    return frame.open(mirror.range(blob.id(), new ByteRange(frame.offset(), frame.size()), attempts));
  }

  private OpenFrame shared(Blob blob, Frame frame, int attempts) throws LazyFailed, RafsRefused {
    OpenFrame known = known(frame);
    if (known == null) {
      known = open(blob, frame, attempts);
      synchronized (this) {
        if (frames.size() >= OPEN_FRAMES) {
          frames.remove(frames.keySet().iterator().next());
        }
        frames.put(frame, known);
      }
    }
    return known;
  }

  private synchronized @Nullable OpenFrame known(Frame frame) {
    return frames.get(frame);
  }

  private BlobInformation information(Blob blob) throws LazyFailed, RafsRefused {
    synchronized (this) {
      BlobInformation known = information.get(blob.index());
      if (known != null) {
        return known;
      }
    }
    BlobInformation read = readInformation(blob);
    synchronized (this) {
      information.put(blob.index(), read);
    }
    return read;
  }

  /// Authenticated by the bootstrap layer, or by a digest in the bootstrap.
  private BlobInformation readInformation(Blob blob) throws LazyFailed, RafsRefused {
    Optional<byte[]> copy = image.layer().information(blob.id());
    if (copy.isPresent()) {
      return BlobInformation.ofLayerCopy(blob, copy.get());
    }
    String file = blob.information().fileDigest();
    if (!blob.features().isSeparate() || !image.layers().contains(file)) {
      throw RegistryImage.unverified(
          "blob " + blob.id() + " has chunks whose places the bootstrap layer does not tell, so they cannot be trusted");
    }
    return BlobInformation.ofSeparateFile(blob, mirror.blob(new Digest(Digest.Algorithm.SHA256, file), MOST_INFORMATION));
  }
}
