package dev.damselfly.peer.store;

import static dev.damselfly.peer.store.StoreLab.bytes;
import static dev.damselfly.peer.store.StoreLab.facts;
import static dev.damselfly.peer.store.StoreLab.put;
import static dev.damselfly.peer.store.StoreLab.tuple;
import static dev.damselfly.peer.store.StoreLab.unknownLength;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is left of a store that nobody closed, and what waits for the disk meanwhile.
class StoreCrashTest {
  private static final byte[] FIRST = bytes(1, (int) StoreLab.PIECE);
  private static final byte[] LAST = bytes(2, 10);

  @TempDir Path home;
  private final Gate gate = new Gate();
  private FaultyDisk disk;
  private GatedMetadata metadata;
  private PieceStore store;

  @BeforeEach
  void open() throws IOException {
    Path directory = home.resolve("live");
    RealDisk.privateDirectory(directory);
    disk = new FaultyDisk(new RealDisk(directory), gate);
    var opened = new GatedMetadata[1];
    store =
        PieceStore.open(
            directory,
            StoreLab.config(1L << 40),
            new StoreLab.Clock(),
            disk,
            file -> {
              opened[0] = new GatedMetadata(file, gate);
              return opened[0];
            });
    metadata = opened[0];
  }

  @AfterEach
  void close() {
    gate.open(true);
    store.close();
  }

  /// The directory as a killed process leaves it.
  private Path killed() throws IOException {
    Path live = home.resolve("live");
    Path copy = home.resolve("killed");
    try (var files = Files.walk(live)) {
      for (Path file : files.filter(f -> !f.toString().endsWith("-shm")).toList()) {
        Files.copy(file, copy.resolve(live.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    return copy;
  }

  private static PieceStore reopen(Path directory) throws IOException {
    return PieceStore.open(directory, StoreLab.config(1L << 40), new StoreLab.Clock());
  }

  private static Path file(Path directory, StoredTask task) {
    return Shelf.pathOf(directory.resolve("content"), task.id(), task.restricted());
  }

  private static long unforcedRows(Path directory) throws SQLException {
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("store.db"));
        var statement = connection.createStatement();
        var result = statement.executeQuery("SELECT count(*) FROM piece WHERE forced = 0")) {
      return result.getLong(1);
    }
  }

  private StoredTask held(String name) {
    var task = store.open(tuple(name), false);
    task.fix(facts(StoreLab.PIECE + 10));
    task.awaitDurable();
    gate.open(false);
    return task;
  }

  @Test
  void killedProcess_losesNoCommittedPieceWhileTheDiskIsSlow() throws Exception {
    var task = held("a");
    put(task, 1, LAST);
    assertThat(gate.awaitWaiting()).isEqualTo(Gate.Step.FORCE_CONTENT);
    put(task, 0, FIRST);
    metadata.awaitApplied(2, 0); // though the disk still works on the first

    Path copy = killed();

    try (var found = reopen(copy)) {
      var again = found.find(task.id(), false).orElseThrow();
      assertThat(again.complete()).isTrue();
      assertThat(StoreLab.read(again, 0)).isEqualTo(FIRST);
      assertThat(StoreLab.read(again, 1)).isEqualTo(LAST);
    }
    assertThat(unforcedRows(copy)).isZero();
  }

  @Test
  void piece_countsAsRecordedOnlyWhenAKilledProcessHasIt() throws Exception {
    var task = held("a");
    metadata.fail(true);
    put(task, 1, LAST);

    assertThat(task.awaitRecorded(Duration.ofMillis(50))).isFalse();

    metadata.fail(false);
    assertThat(task.awaitRecorded(Duration.ofSeconds(60))).isTrue();
    try (var found = reopen(killed())) {
      assertThat(StoreLab.read(found.find(task.id(), false).orElseThrow(), 1)).isEqualTo(LAST);
    }
  }

  @Test
  void lossOfPower_dropsExactlyThePieceWithOtherBytes() throws Exception {
    var task = held("a");
    put(task, 0, FIRST);
    put(task, 1, LAST);
    metadata.awaitApplied(2, 0);
    var sha256 = Sha256.newDigest();
    sha256.update(FIRST);
    var whole = Digest.of(Sha256.of(sha256.digest(LAST)));
    assertThat(task.matches(whole)).isTrue();
    var other = store.open(tuple("b"), false);
    other.fix(unknownLength());
    put(other, 0, LAST);
    metadata.awaitApplied(3, 0); // after the digest
    gate.awaitWaiting();
    Path copy = killed();
    try (var channel = FileChannel.open(file(copy, task), StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(512), 4096); // never came to the disk
    }

    try (var found = reopen(copy)) {
      var again = found.find(task.id(), false).orElseThrow();
      assertThat(again.record(new PieceNumber(0))).isEmpty();
      assertThat(StoreLab.read(again, 1)).isEqualTo(LAST);
      assertThat(found.find(other.id(), false).orElseThrow().records()).hasSize(1);
      put(again, 0, bytes(3, (int) StoreLab.PIECE));
      assertThat(again.matches(whole)).isFalse();
    }
  }

  @Test
  void start_dropsPiecesThatItCannotForce() throws Exception {
    var task = held("a");
    put(task, 1, LAST);
    metadata.awaitApplied(1, 0);
    Path copy = killed();
    var failing = new FaultyDisk(new RealDisk(copy));
    failing.failOperation(3); // after open and read

    try (var found =
        PieceStore.open(copy, StoreLab.config(1L << 40), new StoreLab.Clock(), failing, SqliteMetadata::open)) {
      assertThat(found.find(task.id(), false).orElseThrow().records()).isEmpty();
    }
  }

  @Test
  void pieceWhoseForceFails_isForgottenAndItsPlaceFreeOnceThatIsDurable() throws Exception {
    var task = held("a");
    put(task, 1, LAST);
    gate.awaitWaiting();

    disk.failOperation(1);
    gate.letOneThrough();

    assertThat(gate.awaitWaiting()).isEqualTo(Gate.Step.RECORD_OUTCOME);
    assertThat(task.records()).isEmpty();
    assertThat(task.claim(new PieceNumber(1))).isInstanceOf(Claim.Busy.class);
    gate.letOneThrough();
    assertThat(gate.awaitWaiting()).isEqualTo(Gate.Step.FORCE_METADATA);
    assertThat(task.claim(new PieceNumber(1))).isInstanceOf(Claim.Busy.class);
    gate.open(true);
    assertThatThrownBy(task::awaitDurable).isInstanceOf(UncheckedIOException.class);
    put(task, 1, LAST);
    task.awaitDurable();
    try (var found = reopen(killed())) {
      assertThat(found.find(task.id(), false).orElseThrow().records()).hasSize(1);
    }
  }

  @Test
  void droppedPiece_keepsItsPlaceUntilTheDropIsDurable() throws Exception {
    var task = held("a");
    put(task, 1, LAST);
    gate.awaitWaiting();
    var quarantine = Thread.ofVirtual().start(() -> task.quarantine(List.of(new PieceNumber(1))));
    metadata.awaitApplied(1, 1);

    assertThat(task.record(new PieceNumber(1))).isEmpty();
    assertThat(task.claim(new PieceNumber(1))).isInstanceOf(Claim.Busy.class);
    gate.open(true);
    quarantine.join();
    put(task, 1, LAST);

    assertThat(StoreLab.read(task, 1)).isEqualTo(LAST);
  }

  @Test
  void start_makesDurableWhatTheKilledProcessOnlyApplied() throws Exception {
    var task = held("a");
    put(task, 1, LAST);
    gate.awaitWaiting();
    var quarantine = Thread.ofVirtual().start(() -> task.quarantine(List.of(new PieceNumber(1))));
    metadata.awaitApplied(1, 1);
    Path copy = killed();
    var started = new GatedMetadata[1];

    try (var found =
        PieceStore.open(
            copy,
            StoreLab.config(1L << 40),
            new StoreLab.Clock(),
            new RealDisk(copy),
            file -> {
              started[0] = new GatedMetadata(file, new Gate());
              return started[0];
            })) {
      assertThat(found.find(task.id(), false).orElseThrow().records()).isEmpty();
      assertThat(started[0].forced()).isPositive(); // before the place of the dropped piece can be written
    }
    gate.open(true);
    quarantine.join();
  }
}
