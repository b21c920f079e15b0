package dev.damselfly.peer.store;

import static dev.damselfly.peer.store.StoreLab.bytes;
import static dev.damselfly.peer.store.StoreLab.put;
import static dev.damselfly.peer.store.StoreLab.read;
import static dev.damselfly.peer.store.StoreLab.tuple;
import static dev.damselfly.peer.store.StoreLab.unknownLength;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.PieceNumber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A disk that fails: what the store says it holds, it has.
@NullMarked
class StoreFaultTest {
  private static final byte[] CONTENT = bytes(3, 5000);
  private static final PieceNumber FIRST = new PieceNumber(0);
  private static final int OPERATIONS = 8;

  private static PieceStore open(Path home, Disk disk) throws IOException {
    return PieceStore.open(home, StoreLab.config(1L << 30), new StoreLab.Clock(), disk, SqliteMetadata::open);
  }

  @Test
  @Threat({"TOB-7", "TOB-16"})
  void piece_whoseBytesDidNotReachTheDiskIsNotHeld(@TempDir Path home) throws Exception {
    RealDisk.privateDirectory(home);
    var disk = new FaultyDisk(new RealDisk(home));
    try (var store = open(home, disk)) {
      StoredTask task = store.open(tuple("a"), false);
      task.fix(unknownLength());
      task.awaitDurable();
      disk.failForces(true);

      put(task, 0, CONTENT);

      assertThatThrownBy(task::awaitDurable).isInstanceOf(UncheckedIOException.class);
      assertThat(task.record(FIRST)).isEmpty();
    }
    try (var store = open(home, new RealDisk(home))) {
      StoredTask again = store.find(tuple("a").id(), false).orElseThrow();
      assertThat(again.record(FIRST)).isEmpty();
    }
  }

  @Test
  @Threat({"TOB-7", "S-DLG-5"})
  void operation_thatFailsAnywhereNeverMakesAPieceOfWrongBytes(@TempDir Path directory) throws Exception {
    for (int k = 1; k <= OPERATIONS; k++) {
      Path home = directory.resolve("fails-" + k);
      RealDisk.privateDirectory(home);
      boolean said = saysItHolds(home, k);
      try (var store = open(home, new RealDisk(home))) {
        Optional<StoredTask> again = store.find(tuple("a").id(), false).filter(task -> task.record(FIRST).isPresent());
        assertThat(again.isPresent() || !said).as("lost with operation %d", k).isTrue();
        if (again.isPresent()) {
          assertThat(read(again.get(), 0)).as("operation %d", k).isEqualTo(CONTENT);
        }
      }
    }
  }

  /// @param k which operation of the disk fails
  private static boolean saysItHolds(Path home, int k) throws IOException {
    var disk = new FaultyDisk(new RealDisk(home));
    try (var store = open(home, disk)) {
      StoredTask task = store.open(tuple("a"), false);
      disk.failOperation(k);
      try {
        task.fix(unknownLength());
        put(task, 0, CONTENT);
        task.awaitDurable();
        return task.record(FIRST).isPresent();
      } catch (UncheckedIOException | RequestFailure failed) {
        return false;
      }
    }
  }
}
