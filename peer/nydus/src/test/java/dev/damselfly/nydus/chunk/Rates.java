package dev.damselfly.nydus.chunk;

import com.github.luben.zstd.Zstd;
import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.RafsRefused;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import net.jpountz.lz4.LZ4Factory;

/// Prints how fast digests, decoders and the reader are on this machine, on one thread. Run by hand; asserts nothing.
public final class Rates {
  private static final int CHUNK = 1 << 20;
  private static final long NANOS = 2_000_000_000L;
  private static volatile int sink;

  private Rates() {}

  private interface Work {
    int once() throws RafsRefused;
  }

  public static void main(String[] args) throws RafsRefused {
    var plain = new byte[CHUNK];
    byte[] boot = Golden.image("v6-full-zstd-1m").bootstrap();
    for (int i = 0; i < CHUNK; i++) {
      plain[i] = boot[i % boot.length];
    }
    byte[] zstd = Zstd.compress(plain);
    byte[] lz4 = LZ4Factory.safeInstance().fastCompressor().compress(plain);
    var small = Arrays.copyOf(plain, 16 << 10);
    print("BLAKE3, 16 KiB", small.length, () -> DigestAlgorithm.BLAKE3.of(small)[0]);
    print("BLAKE3", CHUNK, () -> DigestAlgorithm.BLAKE3.of(plain)[0]);
    print("SHA-256", CHUNK, () -> DigestAlgorithm.SHA256.of(plain)[0]);
    print("zstd decode, plain bytes", CHUNK, () -> Zstds.decode(zstd, CHUNK, 0)[0]);
    print("lz4 decode, plain bytes", CHUNK, () -> Lz4s.decode(lz4, CHUNK, 0)[0]);
    print("bootstrap v6, 3277 paths", boot.length, () -> (int) Golden.read(boot).inodes());
    byte[] five = Golden.image("v5-full-zstd-1m").bootstrap();
    print("bootstrap v5, 3277 paths", five.length, () -> (int) Golden.read(five).inodes());
  }

  private static void print(String what, long bytes, Work work) throws RafsRefused {
    time(work);
    double nanos = time(work);
    System.out.printf("%-28s %8.0f MB/s, %9.1f us each%n", what, bytes * 1000 / nanos, nanos / 1000);
  }

  private static double time(Work work) throws RafsRefused {
    var threads = ManagementFactory.getThreadMXBean(); // processor time: others may run beside us
    long start = threads.getCurrentThreadCpuTime();
    int rounds = 0;
    while (threads.getCurrentThreadCpuTime() - start < NANOS) {
      sink = work.once();
      rounds++;
    }
    return (threads.getCurrentThreadCpuTime() - start) / (double) rounds;
  }
}
