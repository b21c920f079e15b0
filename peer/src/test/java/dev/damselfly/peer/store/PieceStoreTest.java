package dev.damselfly.peer.store;

import static dev.damselfly.peer.store.StoreLab.PARENT;
import static dev.damselfly.peer.store.StoreLab.PIECE;
import static dev.damselfly.peer.store.StoreLab.attested;
import static dev.damselfly.peer.store.StoreLab.bytes;
import static dev.damselfly.peer.store.StoreLab.facts;
import static dev.damselfly.peer.store.StoreLab.mine;
import static dev.damselfly.peer.store.StoreLab.put;
import static dev.damselfly.peer.store.StoreLab.read;
import static dev.damselfly.peer.store.StoreLab.tuple;
import static dev.damselfly.peer.store.StoreLab.unknownLength;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PieceStoreTest {
  private static final byte[] LAST = bytes(2, 10);

  @TempDir Path directory;
  private PieceStore store;

  @BeforeEach
  void open() throws IOException {
    store = PieceStore.open(directory, StoreLab.config(1L << 40), new StoreLab.Clock());
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() throws IOException {
    store.close();
    open();
  }

  private StoredTask task(String name) {
    return store.open(tuple(name), false);
  }

  private static void assertRefused(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(RequestFailure.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private Path file(StoredTask task) {
    return Shelf.pathOf(directory.resolve("content"), task.id(), task.restricted());
  }

  @Test
  void piece_isReadBackAfterRestartWithItsWholeRecord() throws IOException {
    var task = task("a");
    task.fix(facts(PIECE + 10));
    byte[] first = bytes(1, (int) PIECE);
    var firstRecord = put(task, 0, first);
    put(task, 1, LAST);

    reopen();

    var again = store.find(task.id(), false).orElseThrow();
    assertThat(again.complete()).isTrue();
    assertThat(again.facts()).contains(facts(PIECE + 10));
    assertThat(again.record(new PieceNumber(0))).contains(firstRecord);
    assertThat(read(again, 0)).isEqualTo(first);
    assertThat(read(again, 1)).isEqualTo(LAST);
    assertThat(store.usedBytes()).isEqualTo(PIECE + 10);
  }

  @Test
  void record_keepsEverySource() throws IOException {
    var task = task("a");
    task.fix(unknownLength());
    PieceRecord fromOrigin;
    try (var piece = mine(task, 0)) {
      piece.write(ByteBuffer.wrap(LAST));
      var proof = piece.fromOrigin(StoreLab.ORIGIN, "origin.example");
      task.commit(proof);
      fromOrigin = proof.record();
    }
    var fromParent = put(task, 1, LAST);

    reopen();

    assertThat(store.find(task.id(), false).orElseThrow().records()).containsExactly(fromOrigin, fromParent);
    assertThat(fromOrigin.crc32()).matches("crc32:[0-9]{1,10}");
    assertThat(fromOrigin.verifiedAgainst()).isEqualTo("read from origin.example");
  }

  @Test
  @Threat({"S-DLG-4"})
  void contentFile_isPrivateSparseAndNamedByTask() throws IOException {
    var task = task("a");
    task.fix(facts(PIECE * 100));
    put(task, 99, bytes(1, (int) PIECE));
    task.awaitDurable();

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(task)))).isEqualTo("rw-------");
    assertThat(Files.size(file(task))).isEqualTo(PIECE * 100);
    assertThat(file(task)).isEqualTo(directory.resolve("content", task.id().value().substring(0, 3), task.id().value()));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("store.db"))))
        .isEqualTo("rw-------");
  }

  @Test
  @Threat({"S-DLG-4"})
  void contentFile_withASecondNameIsNotServed() throws IOException {
    var task = task("a");
    task.fix(unknownLength());
    put(task, 0, LAST);
    store.close();
    Files.createLink(directory.resolve("second-name"), file(task));

    open();

    assertThat(store.find(task.id(), false).orElseThrow().records()).isEmpty();
    assertThat(file(task)).doesNotExist();
  }

  @Test
  @Threat({"S-VTX-3", "B-04", "CVE-2025-59354"})
  void verify_refusesEveryOtherContent() {
    var task = task("a");
    task.fix(facts(10));
    byte[] flipped = LAST.clone();
    flipped[9] ^= 1;

    try (var piece = mine(task, 0)) {
      piece.write(ByteBuffer.wrap(flipped));
      assertThat(piece.verify(attested(0, LAST), PARENT)).isEmpty();
      piece.restart();
      piece.write(ByteBuffer.wrap(LAST, 0, 9));
      assertThat(piece.verify(attested(0, LAST), PARENT)).isEmpty();
      piece.restart();
      piece.write(ByteBuffer.wrap(LAST, 0, 9));
      assertThat(piece.verify(attested(0, bytes(2, 9)), PARENT)).isEmpty();
      piece.restart();
      piece.write(ByteBuffer.wrap(LAST));
      assertThat(piece.verify(attested(1, LAST), PARENT)).isEmpty();
      assertThat(task.records()).isEmpty();
      piece.restart();
      piece.write(ByteBuffer.wrap(LAST));
      task.commit(piece.verify(attested(0, LAST), PARENT).orElseThrow());
    }

    assertThat(task.complete()).isTrue();
  }

  @Test
  @Threat({"B-04"})
  void write_refusesOneByteTooMany() {
    var task = task("a");
    task.fix(facts(10));

    try (var piece = mine(task, 0)) {
      piece.write(ByteBuffer.wrap(LAST));
      assertRefused(Reason.LIMIT_EXCEEDED, () -> piece.write(ByteBuffer.allocate(1)));
      assertThat(piece.received()).isEqualTo(10);
    }
  }

  @Test
  void claim_givesOneWriterAPieceUntilClosed() {
    var task = task("a");
    task.fix(facts(10));
    var piece = mine(task, 0);

    assertThat(task.claim(new PieceNumber(0))).isInstanceOf(Claim.Busy.class);
    piece.close();
    piece.close();
    put(task, 0, LAST);
    assertThat(task.claim(new PieceNumber(0))).isInstanceOf(Claim.Held.class);
    assertThatThrownBy(() -> task.claim(new PieceNumber(1))).isInstanceOf(InvalidValue.class);
  }

  @Test
  @Threat({"S-VTX-3", "F-19"})
  void commit_refusesAProofThatDoesNotStand() {
    var task = task("a");
    task.fix(facts(10));
    var other = task("b");
    other.fix(facts(10));
    var piece = mine(task, 0);
    piece.write(ByteBuffer.wrap(LAST));
    var proof = piece.verify(attested(0, LAST), PARENT).orElseThrow();

    assertRefused(Reason.WRONG_STATE, () -> other.commit(proof));
    piece.restart();
    assertRefused(Reason.WRONG_STATE, () -> task.commit(proof));
    piece.write(ByteBuffer.wrap(LAST));
    var second = piece.verify(attested(0, LAST), PARENT).orElseThrow();
    assertThatThrownBy(() -> piece.write(ByteBuffer.allocate(1))).isInstanceOf(IllegalStateException.class);
    task.commit(second);
    assertRefused(Reason.WRONG_STATE, () -> task.commit(second));
    assertThatThrownBy(piece::restart).isInstanceOf(IllegalStateException.class);
    piece.close();
    assertThat(task.records()).hasSize(1);
  }

  @Test
  void commit_tellsListenersUntilTheyLeave() {
    var task = task("a");
    task.fix(unknownLength());
    List<Integer> seen = new ArrayList<>();
    var listening = task.onCommit(r -> seen.add(r.number().value()));

    put(task, 3, LAST);
    listening.close();
    put(task, 4, LAST);

    assertThat(seen).containsExactly(3);
  }

  @Test
  void open_keepsRestrictedContentApart() {
    var open = task("a");
    var restricted = store.open(tuple("a"), true);
    restricted.fix(facts(10));
    put(restricted, 0, LAST);

    assertThat(open.records()).isEmpty();
    assertThat(open.facts()).isEmpty();
    assertThat(store.find(open.id(), true)).containsSame(restricted);
    assertThat(file(restricted)).exists();
    assertThat(file(open)).doesNotExist();
  }

  private static TaskTuple keyed(String url) {
    return TaskTuple.of(Download.newBuilder().setUrl(url).setContentForCalculatingTaskId("same").build());
  }

  @Test
  @Threat({"TOB-1", "F-27"})
  void open_refusesAnotherResourceUnderABoundId() throws IOException {
    store.open(keyed("http://origin.example/a"), false);

    assertRefused(Reason.ID_BOUND_ELSEWHERE, () -> store.open(keyed("http://origin.example/b"), false));
    reopen();
    assertRefused(Reason.ID_BOUND_ELSEWHERE, () -> store.open(keyed("http://origin.example/b"), false));
    assertThat(store.open(keyed("http://origin.example/a"), false).records()).isEmpty();
  }

  @Test
  void open_storesNoFilteredQueryParameter() throws IOException {
    var signed =
        TaskTuple.of(
            Download.newBuilder()
                .setUrl("http://origin.example/a?Signature=canary-secret&x=1")
                .addFilteredQueryParams("Signature")
                .build());
    var task = store.open(signed, false);

    reopen();

    assertThat(store.find(task.id(), false).orElseThrow().tuple().fingerprint()).isEqualTo(signed.fingerprint());
    for (String name : List.of("store.db", "store.db-wal")) {
      Path file = directory.resolve(name);
      if (Files.exists(file)) {
        assertThat(new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1))
            .doesNotContain("canary-secret");
      }
    }
  }

  @Test
  @Threat({"S-ORG-8"})
  void fix_refusesChangedFacts() {
    var task = task("a");
    task.fix(facts(10));
    task.fix(facts(10));

    assertRefused(Reason.ORIGIN_CHANGED, () -> task.fix(facts(11)));
    assertThat(task.facts()).contains(facts(10));
  }

  @Test
  void unknownLength_becomesKnownOnceAndMustFit() {
    var task = task("a");
    task.fix(unknownLength());
    put(task, 0, bytes(1, (int) PIECE));
    put(task, 1, LAST);

    assertThat(task.complete()).isFalse();
    assertRefused(Reason.ORIGIN_CHANGED, () -> task.fix(unknownLength().withLength(PIECE + 11)));
    assertRefused(Reason.ORIGIN_CHANGED, () -> task.fix(unknownLength().withLength(PIECE)));
    task.fix(unknownLength().withLength(PIECE + 10));
    assertThat(task.complete()).isTrue();
    assertThat(store.reservedBytes()).isEqualTo(PIECE + 10);
  }

  @Test
  void emptyContent_isCompleteWithoutPieces() throws IOException {
    var task = task("a");
    task.fix(facts(0));
    var empty = Digest.of(Sha256.of(Sha256.newDigest().digest()));

    assertThat(task.complete()).isTrue();
    assertThat(task.matches(empty)).isTrue();
    reopen();
    assertThat(store.find(task.id(), false).orElseThrow().complete()).isTrue();
  }

  @Test
  void quarantine_dropsPiecesForGood() throws IOException {
    var task = task("a");
    task.fix(facts(PIECE + 10));
    put(task, 0, bytes(1, (int) PIECE));
    put(task, 1, LAST);

    task.quarantine(List.of(new PieceNumber(1)));

    assertThat(task.record(new PieceNumber(1))).isEmpty();
    assertRefused(Reason.TASK_UNKNOWN, () -> task.read(new PieceNumber(1)));
    reopen();
    var again = store.find(task.id(), false).orElseThrow();
    assertThat(again.records()).hasSize(1);
    put(again, 1, LAST);
    assertThat(again.complete()).isTrue();
  }

  @Test
  void quarantine_keepsThePlaceWhileSomebodyReads() throws IOException {
    var task = task("a");
    task.fix(facts(10));
    put(task, 0, LAST);

    try (var reader = task.read(new PieceNumber(0))) {
      task.quarantine(List.of(new PieceNumber(0)));
      assertThat(task.claim(new PieceNumber(0))).isInstanceOf(Claim.Busy.class);
      var buffer = ByteBuffer.allocate(10);
      reader.channel().read(buffer, 0);
      assertThat(buffer.array()).isEqualTo(LAST);
    }

    assertThat(task.claim(new PieceNumber(0))).isInstanceOf(Claim.Mine.class);
  }

  @Test
  void discard_startsOverWithoutTouchingOldReadersOrWriters() throws IOException {
    var task = task("a");
    task.fix(facts(PIECE + 10));
    put(task, 1, LAST);
    var stale = mine(task, 0);
    byte[] fresh = bytes(5, 10);

    try (var reader = task.read(new PieceNumber(1))) {
      task.discard();
      task.fix(facts(10));
      put(task, 0, fresh);
      stale.write(ByteBuffer.wrap(bytes(6, 10)));
      stale.close();
      var buffer = ByteBuffer.allocate(10);
      reader.channel().read(buffer, PIECE);
      assertThat(buffer.array()).isEqualTo(LAST);
    }

    assertThat(read(task, 0)).isEqualTo(fresh);
    reopen();
    assertThat(read(store.find(task.id(), false).orElseThrow(), 0)).isEqualTo(fresh);
    assertThat(store.reservedBytes()).isEqualTo(10);
  }

  @Test
  @Threat({"S-DLG-5"})
  void matches_comparesTheWholeContentAndRemembers() throws IOException {
    var task = task("a");
    task.fix(facts(PIECE + 10));
    byte[] first = bytes(1, (int) PIECE);
    var sha256 = Sha256.newDigest();
    sha256.update(first);
    var expected = Digest.of(Sha256.of(sha256.digest(LAST)));
    task.hashAhead(expected);
    put(task, 1, LAST);
    assertThatThrownBy(() -> task.matches(expected)).isInstanceOf(IllegalStateException.class);
    put(task, 0, first);

    assertThat(task.matches(expected)).isTrue();
    assertThat(task.matches(Digest.of(new Sha256("0".repeat(64))))).isFalse();
    reopen();
    Files.write(file(task), new byte[] {1}, StandardOpenOption.WRITE);
    assertThat(store.find(task.id(), false).orElseThrow().matches(expected)).isTrue();
  }

  @Test
  void matches_hashesAgainAfterQuarantine() {
    var task = task("a");
    task.fix(facts(10));
    put(task, 0, LAST);
    var expected = Digest.of(Sha256.of(Sha256.newDigest().digest(LAST)));
    assertThat(task.matches(expected)).isTrue();

    task.quarantine(List.of(new PieceNumber(0)));
    put(task, 0, bytes(9, 10));

    assertThat(task.matches(expected)).isFalse();
  }

  @Test
  void recovery_dropsWhatDoesNotFitAndSweepsOrphans() throws IOException {
    var cut = task("cut");
    cut.fix(unknownLength());
    put(cut, 0, LAST);
    put(cut, 1, LAST);
    var lost = task("lost");
    lost.fix(facts(10));
    put(lost, 0, LAST);
    store.close();
    try (var channel = FileChannel.open(file(cut), StandardOpenOption.WRITE)) {
      channel.truncate(PIECE + 9);
    }
    Files.delete(file(lost));
    Path orphan = file(cut).resolveSibling("f".repeat(64));
    Files.write(orphan, LAST);
    Path link = file(cut).resolveSibling("link");
    Files.createSymbolicLink(link, directory.resolve("store.db"));

    open();

    assertThat(store.find(cut.id(), false).orElseThrow().records()).hasSize(1);
    assertThat(store.find(lost.id(), false).orElseThrow().records()).isEmpty();
    assertThat(orphan).doesNotExist();
    assertThat(link).doesNotExist();
    assertThat(directory.resolve("store.db")).exists();
  }

  @Test
  void open_refusesASecondProcess() {
    assertThatThrownBy(() -> PieceStore.open(directory, StoreLab.config(1), new StoreLab.Clock()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("open already");
  }

  @Test
  void open_saysWhatToDoAboutAnotherVersion() throws Exception {
    store.close();
    try (var connection = java.sql.DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("store.db"));
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = 1");
    }

    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it has schema 1, this version reads 2")
        .hasMessageContaining("move its directory away");
  }

  @Test
  void interruptedWriter_breaksNobodyElse() throws Exception {
    var task = task("a");
    task.fix(unknownLength());
    var victim = mine(task, 0);
    victim.write(ByteBuffer.wrap(LAST, 0, 5));
    var interrupted =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (var piece = mine(task, 1)) {
                    Thread.currentThread().interrupt();
                    piece.write(ByteBuffer.wrap(LAST));
                  } catch (java.io.UncheckedIOException expected) {
                    assertThat(expected).hasCauseInstanceOf(java.nio.channels.ClosedByInterruptException.class);
                  }
                });
    interrupted.join();

    victim.write(ByteBuffer.wrap(LAST, 5, 5));
    task.commit(victim.verify(attested(0, LAST), PARENT).orElseThrow());
    victim.close();

    assertThat(read(task, 0)).isEqualTo(LAST);
  }

  @Test
  @Threat({"B-18"})
  void manyPieces_areHeldAndRecovered() throws IOException {
    var task = task("a");
    task.fix(unknownLength());
    for (int i = 0; i < 10_000; i++) {
      put(task, i, new byte[] {(byte) i});
    }
    task.awaitDurable();

    reopen();

    var again = store.find(task.id(), false).orElseThrow();
    assertThat(again.records()).hasSize(10_000);
    assertThat(read(again, 9_999)).containsExactly((byte) 9_999);
  }
}
