package dev.damselfly.peer.transfer;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.store.VerifiedPiece;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.testing.TestHost;
import dev.damselfly.peer.upload.UploadLimits;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/// Measures one parent to one child over loopback TLS, hashing, writing and committing included.
///
/// Run `main` with a directory on the file system to measure; prints MB/s and CPU seconds per GiB of each round.
final class PieceThroughput {
  private static final int PIECES = 256; // 1 GiB
  private static final int ROUNDS = 5;

  private PieceThroughput() {}

  public static void main(String[] args) throws Exception {
    Path directory = Files.createTempDirectory(Path.of(args.length > 0 ? args[0] : "/tmp"), "throughput");
    var clock = InstantSource.system();
    var ca = TestCa.root("td.test");
    var mint = new GrantMint(SpiffeId.parse("spiffe://td.test/damselfly/scheduler/c1/s1"), clock);
    try (var parent = new TestHost(ca, "/damselfly/seed-peer/c1/parent", directory.resolve("parent"), clock);
        var child = new TestHost(ca, "/damselfly/peer/c1/child", directory.resolve("child"), clock)) {
      StoredTask source = parent.task("file", PIECES * TestHost.PIECE, false);
      fill(source);
      int port = parent.listen(mint, UploadLimits.standard()).port();
      ParentLinks links = child.links(TransferLimits.standard());
      for (int round = 0; round < ROUNDS; round++) {
        StoredTask target = child.task("file", PIECES * TestHost.PIECE, false);
        ByteString grant = mint.grant(source.id(), child.id(), parent.id());
        round(links, parent.asParent(source, port, grant), source, target);
        target.discard();
      }
    }
    try (var files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    }
  }

  private static void fill(StoredTask source) {
    byte[] bytes = new byte[(int) TestHost.PIECE];
    new Random(1).nextBytes(bytes);
    for (int number = 0; number < PIECES; number++) {
      bytes[0] = (byte) number;
      TestHost.put(source, number, ByteBuffer.wrap(bytes));
    }
    source.awaitDurable();
  }

  private static void round(ParentLinks links, ParentRef ref, StoredTask source, StoredTask target) throws InterruptedException {
    var flights = new Flights(target);
    try (var link = links.open(ref, flights)) {
      flights.ready.await();
      long cpu = cpu();
      long start = System.nanoTime();
      for (PieceRecord record : source.records()) {
        flights.slots.acquire();
        IncomingPiece sink = TestHost.mine(target, record.number().value());
        flights.open.put(record.number(), sink);
        link.request(new Attestation(record.number(), record.range().length(), record.sha256(), "x", 1), sink);
      }
      flights.done.await();
      double seconds = (System.nanoTime() - start) / 1e9;
      double gib = PIECES * TestHost.PIECE / (double) (1 << 30);
      System.out.printf(
          "%.0f MB/s, %.2f CPU-s/GiB%n", PIECES * TestHost.PIECE / 1e6 / seconds, (cpu() - cpu) / 1e9 / gib);
    }
  }

  private static long cpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  /// Keeps sixteen requests in flight and commits what arrives.
  private static final class Flights implements ParentLink.Listener {
    private final StoredTask target;
    private final Semaphore slots = new Semaphore(16);
    private final CountDownLatch ready = new CountDownLatch(1);
    private final CountDownLatch done = new CountDownLatch(PIECES);
    private final Map<PieceNumber, IncomingPiece> open = Collections.synchronizedMap(new HashMap<>());

    Flights(StoredTask target) {
      this.target = target;
    }

    @Override
    public void ready(ParentLink link) {
      ready.countDown();
    }

    @Override
    public void have(ParentLink link, List<PieceNumber> numbers) {}

    @Override
    public void received(ParentLink link, VerifiedPiece piece) {
      target.commit(piece);
      Objects.requireNonNull(open.remove(piece.record().number())).close();
      slots.release();
      done.countDown();
    }

    @Override
    public void failed(ParentLink link, PieceNumber number, ParentLink.Failure failure) {
      throw new AssertionError(number + " " + failure);
    }

    @Override
    public void closed(ParentLink link, ParentLink.Failure failure) {}
  }
}
