package dev.damselfly.dist.lazy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.dist.lazy.FileRefused.Why;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.RafsWriter;
import dev.damselfly.nydus.chunk.Place;
import dev.damselfly.nydus.chunk.VerifiedChunk;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a mount asks for, and the cache under it, on an image of two megabytes.
@NullMarked
class LazyFilesTest {
  private static final int CHUNK = 64 << 10;
  private static final String BOOT = "b".repeat(36);
  private static final byte[] CONTENT = content();
  private static final byte[] BLOB;
  private static final Image IMAGE;

  @TempDir private Path work;

  static {
    try {
      var out = new ByteArrayOutputStream();
      RafsWriter.Built built =
          new RafsWriter(CHUNK, DigestAlgorithm.SHA256, out).file("file", new ByteArrayInputStream(CONTENT)).end();
      BLOB = out.toByteArray();
      IMAGE = Golden.read(built.bootstrap());
    } catch (Exception e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static byte[] content() {
    var bytes = new byte[(2 << 20) + 100];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  private static VerifiedChunk verified(Chunk chunk) throws Exception {
    int at = (int) chunk.compressedOffset();
    Place place = Place.of(chunk);
    return place.frame().open(Arrays.copyOfRange(BLOB, at, at + chunk.compressedSize())).verify(chunk, place.at());
  }

  private static LazyFiles files(List<Chunk> ahead) {
    return new LazyFiles(
        IMAGE,
        (need, into) -> {
          try {
            into.put(verified(need.chunk()).bytes(need));
          } catch (Exception e) {
            throw new LazyFailed(LazyFailed.Kind.UNVERIFIED, "broken");
          }
        },
        ahead::addAll,
        _ -> {});
  }

  private static Why why(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    FileRefused[] refused = new FileRefused[1];
    assertThatThrownBy(call).isInstanceOfSatisfying(FileRefused.class, e -> refused[0] = e);
    return refused[0].why();
  }

  @Test
  @Threat("S-NYD-7")
  void anyPathOffsetAndSize_isAnsweredOrRefused() throws Exception {
    LazyFiles files = files(new ArrayList<>());
    long handle = files.open("/file");
    var random = new Random(11);
    for (int i = 0; i < 2000; i++) {
      long offset = i % 3 == 0 ? random.nextLong() : random.nextInt(CONTENT.length + 10_000);
      long size = i % 7 == 0 ? random.nextLong() : random.nextInt(300_000);
      var into = ByteBuffer.allocate(random.nextInt(200_000));
      if (offset < 0 || size < 0) {
        assertThat(why(() -> files.read(handle, offset, size, into))).isEqualTo(Why.MALFORMED);
        continue;
      }
      int got = files.read(handle, offset, size, into);
      long expected = Math.min(Math.min(size, LazyFiles.MAX_READ), Math.min(into.capacity(), Math.max(0, CONTENT.length - offset)));
      assertThat((long) got).isEqualTo(expected);
      assertThat(into.position()).isEqualTo(got);
      assertThat(Arrays.equals(into.array(), 0, got, CONTENT, (int) Math.min(offset, CONTENT.length), (int) Math.min(offset, CONTENT.length) + got)).isTrue();
    }
    for (String path : List.of("", "file", "/../file", "/./file", "/file/x", "/file\0", "/" + "a".repeat(300), "/" + "a/".repeat(4000))) {
      assertThat(why(() -> files.open(path))).as(path).isIn(Why.ABSENT, Why.MALFORMED);
    }
    assertThat(why(() -> files.open("/"))).isEqualTo(Why.NOT_A_FILE);
    assertThat(why(() -> files.target("/file"))).isEqualTo(Why.NOT_A_LINK);
    assertThat(why(() -> files.list("/file", _ -> {}))).isEqualTo(Why.NOT_A_DIRECTORY);
    files.release(handle);
    assertThat(why(() -> files.read(handle, 0, 1, ByteBuffer.allocate(1)))).isEqualTo(Why.NOT_OPEN);
    assertThat(files.opened()).isZero();
  }

  @Test
  void readerInOrder_isReadAheadFor_andARandomOneIsNot() throws Exception {
    var ahead = new ArrayList<Chunk>();
    LazyFiles files = files(ahead);
    long handle = files.open("/file");

    files.read(handle, 0, 4096, ByteBuffer.allocate(4096));
    assertThat(ahead).as("a small first read").isEmpty();
    for (long at = 4096; at < 3L * CHUNK; at += 4096) {
      files.read(handle, at, 4096, ByteBuffer.allocate(4096));
    }

    assertThat(ahead).isNotEmpty().doesNotHaveDuplicates();
    assertThat(ahead.getFirst().index()).isBetween(1, 3);
  }

  private static BlobCache cache(Path directory, String boot) throws Exception {
    return BlobCache.open(directory, "ab".repeat(32), boot, new AtomicLong(1 << 30));
  }

  @Test
  @Threat("S-NYD-6")
  void cache_remembersWhatWasVerified_andDoubtsAnotherBoot() throws Exception {
    Chunk first = IMAGE.chunkAt(0);
    Chunk second = IMAGE.chunkAt(1);
    try (BlobCache cache = cache(work, BOOT); BlobCache beside = cache(work, BOOT)) {
      assertThat(cache.put(verified(first))).isTrue();
      assertThat(cache.put(verified(second))).isTrue();
      assertThat(beside.put(verified(second))).as("one process writes").isFalse();
      assertThat(beside.read(second, 5, ByteBuffer.allocate(10))).as("others read along").isTrue();
    }
    Path bytes = BlobCache.bytesOf(work, "ab".repeat(32));
    try (var file = java.nio.channels.FileChannel.open(bytes, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), second.uncompressedOffset() + 100); // a write that did not reach the disk
    }

    try (BlobCache cache = cache(work, "c".repeat(36))) {
      var part = ByteBuffer.allocate(100);
      assertThat(cache.read(first, 7, part)).isTrue();
      assertThat(part.array()).isEqualTo(Arrays.copyOfRange(CONTENT, 7, 107));
      assertThat(cache.read(second, 0, ByteBuffer.allocate(100))).as("its bytes are not what was verified").isFalse();
      assertThat(cache.read(IMAGE.chunkAt(2), 0, ByteBuffer.allocate(1))).isFalse();
    }
  }

  @Test
  @Threat("S-NYD-6")
  void recordThatWasNotWrittenToItsEnd_standsForNothing() throws Exception {
    try (BlobCache cache = cache(work, BOOT)) {
      cache.put(verified(IMAGE.chunkAt(0)));
      cache.put(verified(IMAGE.chunkAt(1)));
    }
    Path journal = BlobCache.journalOf(work, "ab".repeat(32));
    byte[] whole = Files.readAllBytes(journal);
    for (int cut = CacheJournal.HEADER + CacheJournal.RECORD; cut < whole.length; cut++) {
      Files.write(journal, Arrays.copyOf(whole, cut));
      try (BlobCache cache = cache(work, BOOT)) {
        assertThat(cache.has(IMAGE.chunkAt(0))).isTrue();
        assertThat(cache.has(IMAGE.chunkAt(1))).isFalse();
      }
    }
    byte[] flipped = whole.clone();
    flipped[CacheJournal.HEADER + 20] ^= 1;
    Files.write(journal, flipped);
    try (BlobCache cache = cache(work, BOOT)) {
      assertThat(cache.has(IMAGE.chunkAt(0))).isFalse();
    }
  }
}
