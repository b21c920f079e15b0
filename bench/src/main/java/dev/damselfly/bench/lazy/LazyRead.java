package dev.damselfly.bench.lazy;

import com.sun.management.OperatingSystemMXBean;
import dev.damselfly.dist.lazy.ChunkCache;
import dev.damselfly.dist.lazy.Credentials;
import dev.damselfly.dist.lazy.ImageReference;
import dev.damselfly.dist.lazy.LazyChunks;
import dev.damselfly.dist.lazy.LazyFiles;
import dev.damselfly.dist.lazy.Mirror;
import dev.damselfly.dist.lazy.RegistryImage;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Locale;
import java.util.SplittableRandom;

/// `LazyRead PORT IMAGE CACHE`: time to the first verified byte, random reads of 4 KiB and a sequential read, first cold,
/// then warm, of an image that [MakeImage] made. One JSON line for each.
public final class LazyRead {
  private static final int PAGE = 4096;
  private static final int COLD_READS = 100;
  private static final long WARM_NANOS = 3_000_000_000L;

  private final Mirror mirror;
  private final LazyFiles files;

  private LazyRead(Mirror mirror, LazyFiles files) {
    this.mirror = mirror;
    this.files = files;
  }

  public static void main(String[] args) throws Exception {
    long begin = System.nanoTime();
    ImageReference reference = ImageReference.parse(args[1]);
    try (var mirror = new Mirror(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), reference, new Credentials(Optional.empty(), Optional.empty()))) {
      ChunkCache cache = ChunkCache.open(Path.of(args[2]), 64L << 30);
      RegistryImage image = RegistryImage.open(reference, mirror, cache);
      try (var chunks = new LazyChunks(image, mirror, cache)) {
        var files = new LazyFiles(image.image(), chunks, failed -> System.err.println(failed.text()));
        new LazyRead(mirror, files).run(begin);
      }
    }
    System.exit(0);
  }

  private void run(long begin) throws Exception {
    var page = ByteBuffer.allocate(PAGE);
    long before = mirror.received();
    files.read(files.open("/random"), 5 * PAGE, PAGE, page);
    tell("first byte", begin, PAGE, 1, before);
    random("cold random", "/random", COLD_READS, Long.MAX_VALUE);
    sequential("cold sequential");
    sequential("warm sequential");
    sequential("warm sequential, again");
    random("warm random", "/sequential", Integer.MAX_VALUE, WARM_NANOS);
  }

  private void random(String what, String path, int most, long nanos) throws Exception {
    long pages = files.find(path).size() / PAGE;
    long handle = files.open(path);
    var random = new SplittableRandom(3);
    var page = ByteBuffer.allocate(PAGE);
    long before = mirror.received();
    long begin = System.nanoTime();
    int reads = 0;
    while (reads < most && System.nanoTime() - begin < nanos) {
      files.read(handle, random.nextLong(pages) * PAGE, PAGE, page.clear());
      reads++;
    }
    tell(what, begin, (long) reads * PAGE, reads, before);
    files.release(handle);
  }

  private void sequential(String what) throws Exception {
    long handle = files.open("/sequential");
    var buffer = ByteBuffer.allocate(LazyFiles.MAX_READ);
    long before = mirror.received();
    long begin = System.nanoTime();
    long at = 0;
    int reads = 0;
    for (int got = 1; got > 0; at += got) {
      got = files.read(handle, at, LazyFiles.MAX_READ, buffer.clear());
      reads++;
    }
    tell(what, begin, at, reads, before);
    files.release(handle);
  }

  private void tell(String what, long begin, long needed, int reads, long before) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    double cpu = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
    System.out.printf(
        Locale.ROOT,
        "{\"what\": \"%s\", \"seconds\": %.4f, \"needed\": %d, \"reads\": %d, \"fetched\": %d, \"cpu\": %.2f}%n",
        what, seconds, needed, reads, mirror.received() - before, cpu);
  }
}
