package dev.damselfly.dist.lazy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.Digest;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.NodeType;
import dev.damselfly.nydus.RafsWriter;
import dev.damselfly.nydus.layer.BootstrapLayer;
import dev.damselfly.nydus.layer.Layers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is fetched before anybody asks, against a mirror on a real socket that holds answers back.
@NullMarked
@Timeout(60)
class PrefetchTest {
  private static final int CHUNK = 64 << 10;
  private static final int CHUNKS = 16;
  private static final byte[] CONTENT = new byte[CHUNKS * CHUNK];

  static {
    new Random(9).nextBytes(CONTENT);
  }

  @TempDir private Path work;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final List<LazyFailed> failures = new CopyOnWriteArrayList<>();
  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private final HttpServer server;
  private volatile Holding holding = (from, length, out) -> out.accept(length);

  /// Sends a body, or a part of it before the rest.
  private interface Holding {
    void send(long from, int length, Out out) throws IOException, InterruptedException;
  }

  private interface Out {
    void accept(int bytes) throws IOException;
  }

  PrefetchTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void start() {
    server.createContext("/v2/lib/app/blobs/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    released.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] blob = blobs.getOrDefault(exchange.getRequestURI().getPath().replaceAll(".*sha256:", ""), new byte[0]);
    String[] ends = String.valueOf(exchange.getRequestHeaders().getFirst("Range")).substring("bytes=".length()).split("-");
    int from = Integer.parseInt(ends[0]);
    int length = Integer.parseInt(ends[1]) - from + 1;
    log.add("asked " + from + "+" + length);
    exchange.getResponseHeaders().add("Content-Range", "bytes " + from + "-" + (from + length - 1) + "/" + blob.length);
    exchange.sendResponseHeaders(206, length);
    int[] at = {from};
    try (var out = exchange.getResponseBody()) {
      holding.send(from, length, bytes -> {
        if (at[0] + bytes == from + length) {
          log.add("answered " + from + "+" + length);
        }
        out.write(blob, at[0], bytes);
        out.flush();
        at[0] += bytes;
      });
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private RegistryImage image(byte[] bootstrap, Map<String, byte[]> blobsById) throws Exception {
    blobs.putAll(blobsById);
    var layer = BootstrapLayer.read(new ByteArrayInputStream(Layers.of(bootstrap)), Limits.standard());
    var digest = Digest.parse("sha256:" + "ab".repeat(32));
    return new RegistryImage(digest, Golden.read(bootstrap), layer, blobsById.keySet());
  }

  private RegistryImage plain() throws Exception {
    var out = new ByteArrayOutputStream();
    RafsWriter.Built built = new RafsWriter(CHUNK, DigestAlgorithm.SHA256, out).file("file", new ByteArrayInputStream(CONTENT)).end();
    return image(built.bootstrap(), Map.of(built.blobId(), out.toByteArray()));
  }

  private LazyChunks chunks(RegistryImage image) throws LazyFailed {
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getAddress().getPort());
    var credentials = new Credentials(Optional.empty(), Optional.empty());
    return new LazyChunks(image, new Mirror(address, ImageReference.parse("registry.test/lib/app:v1"), credentials), ChunkCache.open(work.resolve("cache"), 1 << 30));
  }

  private Prefetch prefetch(RegistryImage image, LazyChunks chunks, Prefetch.What what, long budget) {
    return Prefetch.start(image.image(), chunks, what, budget, failures::add);
  }

  private static void requireRight(LazyChunks chunks, Image image, int number) throws LazyFailed {
    Chunk chunk = image.chunkAt(number);
    ByteBuffer got = chunks.bytes(new ChunkNeed(chunk, 0, chunk.uncompressedSize()));
    assertThat(got).isEqualTo(ByteBuffer.wrap(CONTENT, number * CHUNK, CHUNK));
  }

  private static List<Chunk> lacking(LazyChunks chunks, Image image) throws IOException {
    var lacking = new ArrayList<Chunk>();
    for (int i = 0; i < image.chunkCount(); i++) {
      if (chunks.lacks(image.chunkAt(i))) {
        lacking.add(image.chunkAt(i));
      }
    }
    return lacking;
  }

  @Test
  @Threat("S-NYD-7")
  void reader_overtakesABlobThatIsStreamed() throws Exception {
    RegistryImage image = plain();
    holding = (from, length, out) -> {
      if (length > CHUNK) {
        out.accept(2 * CHUNK);
        arrived.countDown();
        released.await();
        out.accept(length - 2 * CHUNK);
      } else {
        out.accept(length);
      }
    };
    try (LazyChunks chunks = chunks(image); Prefetch prefetch = prefetch(image, chunks, Prefetch.What.ALL, Long.MAX_VALUE)) {
      assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();

      requireRight(chunks, image.image(), CHUNKS - 1);

      assertThat(released.getCount()).as("the stream still stands").isOne();
      released.countDown();
      prefetch.await();
      assertThat(failures).isEmpty();
      assertThat(lacking(chunks, image.image())).isEmpty();
      assertThat(log).filteredOn(line -> line.startsWith("asked")).containsExactly("asked 0+" + CONTENT.length, "asked " + (CHUNKS - 1) * CHUNK + "+" + CHUNK);
      assertThat(chunks.verified()).as("what the reader had is not verified again").isEqualTo(CHUNKS);
    }
  }

  @Test
  @Threat("S-NYD-7")
  void nothingIsFetchedAhead_whileAReaderWaits() throws Exception {
    RegistryImage image = plain();
    holding = (from, length, out) -> {
      if (length == CHUNK) {
        arrived.countDown();
        released.await();
      }
      out.accept(length);
    };
    try (LazyChunks chunks = chunks(image)) {
      var reader = threads.submit(() -> {
        requireRight(chunks, image.image(), 3);
        return true;
      });
      assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();
      try (Prefetch prefetch = prefetch(image, chunks, Prefetch.What.ALL, Long.MAX_VALUE)) {
        awaitPause();
        released.countDown();
        assertThat(reader.get(30, TimeUnit.SECONDS)).isTrue();
        prefetch.await();
      }
      assertThat(log).startsWith("asked " + 3 * CHUNK + "+" + CHUNK, "answered " + 3 * CHUNK + "+" + CHUNK).hasSize(4);
      assertThat(lacking(chunks, image.image())).isEmpty();
    }
  }

  /// Until the thread waits for readers, or did not and is gone.
  private static void awaitPause() {
    Optional<Thread> found = Optional.empty();
    do {
      found = Thread.getAllStackTraces().keySet().stream().filter(one -> one.getName().equals("nydus-prefetch")).findFirst();
      Thread.onSpinWait();
    } while (found.filter(one -> one.getState() != Thread.State.TIMED_WAITING).isPresent());
  }

  @Test
  @Threat("S-NYD-7")
  void budget_holds() throws Exception {
    RegistryImage image = plain();
    try (LazyChunks chunks = chunks(image); Prefetch prefetch = prefetch(image, chunks, Prefetch.What.ALL, 5L * CHUNK + 10)) {
      prefetch.await();

      assertThat(chunks.verified()).isEqualTo(5);
      assertThat(log).filteredOn(line -> line.startsWith("asked")).containsExactly("asked 0+" + 5 * CHUNK);
      requireRight(chunks, image.image(), CHUNKS - 1);
    }
  }

  @Test
  void list_ofTheImage_isFetched_andNoMore() throws Exception {
    Golden golden = Golden.image("v6-prefetch-fs");
    RegistryImage image = image(golden.bootstrap(), golden.blobFiles().stream().collect(Collectors.toMap(name -> name, golden::file)));
    List<Chunk> named = new ArrayList<>();
    for (Node node : image.image().prefetch()) {
      if (node.type() == NodeType.FILE) {
        LongStream.range(0, Math.ceilDiv(node.size(), (long) image.image().chunkSize())).mapToObj(n -> image.image().chunk(node, n)).forEach(named::add);
      }
    }
    try (LazyChunks chunks = chunks(image); Prefetch prefetch = prefetch(image, chunks, Prefetch.What.LIST, Long.MAX_VALUE)) {
      prefetch.await();

      assertThat(failures).isEmpty();
      assertThat(named).isNotEmpty();
      for (Chunk chunk : named) {
        assertThat(chunks.lacks(chunk)).isFalse();
      }
      assertThat(lacking(chunks, image.image())).as("the image has more").isNotEmpty();
    }
    try (LazyChunks chunks = chunks(image); Prefetch prefetch = prefetch(image, chunks, Prefetch.What.NONE, Long.MAX_VALUE)) {
      log.clear();
      prefetch.await();
      assertThat(log).isEmpty();
    }
  }

  @Test
  @Threat("S-NYD-2")
  void flippedBit_endsTheStream_andIsNotKept() throws Exception {
    RegistryImage image = plain();
    blobs.values().iterator().next()[4 * CHUNK + 7] ^= 1;
    try (LazyChunks chunks = chunks(image); Prefetch prefetch = prefetch(image, chunks, Prefetch.What.ALL, Long.MAX_VALUE)) {
      prefetch.await();

      assertThat(failures).singleElement().satisfies(e -> assertThat(e.kind()).isEqualTo(LazyFailed.Kind.UNVERIFIED));
      assertThat(lacking(chunks, image.image())).hasSize(CHUNKS - 4);
      requireRight(chunks, image.image(), 5);
    }
  }

  @Test
  @Threat("S-NYD-7")
  void reader_takesOverWhatOnlyStandsInAQueue() throws Exception {
    RegistryImage image = plain();
    holding = (from, length, out) -> {
      if (from < 6 * CHUNK) {
        arrived.countDown();
        released.await();
      }
      out.accept(length);
    };
    try (LazyChunks chunks = chunks(image)) {
      chunks.fetch(IntStream.of(0, 2, 4, 6).mapToObj(image.image()::chunkAt).toList());
      assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();

      requireRight(chunks, image.image(), 6);

      assertThat(released.getCount()).isOne();
      released.countDown();
      for (int number : Arrays.asList(0, 2, 4)) {
        requireRight(chunks, image.image(), number);
      }
      assertThat(chunks.verified()).isEqualTo(4);
    }
  }
}
