package dev.damselfly.peer.store;

import static dev.damselfly.peer.store.StoreLab.bytes;
import static dev.damselfly.peer.store.StoreLab.facts;
import static dev.damselfly.peer.store.StoreLab.put;
import static dev.damselfly.peer.store.StoreLab.tuple;
import static dev.damselfly.peer.store.StoreLab.unknownLength;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Threat({"B-47", "S-DLG-3"})
class StoreSpaceTest {
  private static final int QUOTA = 1000;

  @TempDir Path directory;
  private final StoreLab.Clock clock = new StoreLab.Clock();
  private FaultyDisk disk;
  private PieceStore store;

  @BeforeEach
  void open() throws IOException {
    disk = new FaultyDisk(new RealDisk(directory));
    store = PieceStore.open(directory, StoreLab.config(QUOTA), clock, disk, SqliteMetadata::open);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private StoredTask stored(String name, int length) {
    var task = store.open(tuple(name), false);
    task.fix(facts(length));
    put(task, 0, bytes(1, length));
    clock.advance(Duration.ofSeconds(1));
    return task;
  }

  private static void assertNoSpace(StoredTask task, long length) {
    assertThatThrownBy(() -> task.fix(facts(length)))
        .isInstanceOfSatisfying(Refused.class, e -> assertThat(e.reason()).isEqualTo(Reason.NO_SPACE));
  }

  @Test
  void fix_takesTheQuotaToTheLastByte() {
    store.open(tuple("below"), false).fix(facts(QUOTA - 1));
    store.open(tuple("below"), false).discard();
    store.open(tuple("exact"), false).fix(facts(QUOTA));
    store.open(tuple("exact"), false).discard();

    assertNoSpace(store.open(tuple("above"), false), QUOTA + 1);
    assertThat(store.reservedBytes()).isZero();
  }

  @Test
  void fix_refusesBeforeDownloadWhenTheFileSystemIsFull() {
    disk.freeBytes(100, 1000); // 50 of them stay free

    assertNoSpace(store.open(tuple("a"), false), 51);
    var exact = store.open(tuple("b"), false);
    exact.fix(facts(50));
    try (var _ = exact.pin()) {
      assertNoSpace(store.open(tuple("c"), false), 1); // the 50 are promised, though not written
    }
  }

  @Test
  @Threat({"TOB-4", "CVE-2025-59348"})
  void unknownLength_reservesPieceByPiece() throws IOException {
    store.close();
    store = PieceStore.open(directory, StoreLab.config(StoreLab.PIECE + 5), clock);
    var task = store.open(tuple("a"), false);
    task.fix(unknownLength());

    put(task, 0, bytes(1, 5));

    assertThat(store.reservedBytes()).isEqualTo(5);
    var claimed = StoreLab.mine(task, 1);
    assertThat(store.reservedBytes()).isEqualTo(StoreLab.PIECE + 5);
    assertThatThrownBy(() -> task.claim(new PieceNumber(2))).isInstanceOf(Refused.class);
    claimed.close();
    assertThat(store.reservedBytes()).isEqualTo(5);
  }

  @Test
  void reservation_evictsTheLeastRecentlyUsed() {
    var old = stored("old", 400);
    var recent = stored("recent", 400);

    var wanted = store.open(tuple("new"), false);
    wanted.fix(facts(300));

    assertThat(store.find(old.id(), false)).isEmpty();
    assertThat(store.find(recent.id(), false)).isPresent();
    assertThat(store.collect()).contains(old.id());
    assertThat(Shelf.pathOf(directory.resolve("content"), old.id(), false)).doesNotExist();
    assertThatThrownBy(old::pin).isInstanceOf(Refused.class);
  }

  @Test
  void eviction_neverTouchesWhatIsUsed() {
    var pinned = stored("pinned", 400);
    var read = stored("read", 300);
    var written = store.open(tuple("written"), false);
    written.fix(facts(300));

    try (var _ = pinned.pin();
        var _ = read.read(new PieceNumber(0));
        var _ = StoreLab.mine(written, 0)) {
      clock.advance(Duration.ofDays(60));
      assertNoSpace(store.open(tuple("new"), false), 1);
      assertThat(store.collect()).doesNotContain(pinned.id(), read.id(), written.id());
    }

    clock.advance(Duration.ofDays(60));
    assertThat(store.collect()).contains(pinned.id(), read.id(), written.id());
    assertThat(store.usedBytes()).isZero();
    assertThat(store.reservedBytes()).isZero();
  }

  @Test
  void collect_goesFromTheHighWatermarkToTheLow() {
    var first = stored("1", 200);
    var second = stored("2", 200);
    var third = stored("3", 200);
    stored("4", 199);
    assertThat(store.collect()).isEmpty(); // 799 of 800

    stored("5", 1);

    assertThat(store.collect()).containsExactly(first.id());
    assertThat(store.reservedBytes()).isEqualTo(600);
    assertThat(store.tasks()).contains(second, third);
  }

  @Test
  void collect_removesTasksByAgeOfLastUse() throws IOException {
    var unused = stored("unused", 10);
    var used = stored("used", 10);
    clock.advance(Duration.ofDays(20));
    used.pin().close();
    clock.advance(Duration.ofDays(11));

    store.close();
    open();

    assertThat(store.collect()).containsExactly(unused.id());
    assertThat(store.find(used.id(), false)).isPresent();
  }

  @Test
  void evictedTask_canBeOpenedAnew() throws IOException {
    stored("a", 10);
    clock.advance(Duration.ofDays(31));
    store.collect();

    var again = stored("a", 20);

    assertThat(StoreLab.read(again, 0)).isEqualTo(bytes(1, 20));
  }
}
