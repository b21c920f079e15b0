package dev.damselfly.manager.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.manager.cluster.ClusterStore;
import dev.damselfly.manager.fixture.TestManager;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class DatabaseTest {
  @Test
  @Threat("F-20")
  void directory_isMadePrivateAndKeepsRows(@TempDir Path parent) throws Exception {
    var location = new DatabaseLocation.Directory(parent.resolve("db"));
    try (var database = Database.open(location)) {
      new ClusterStore(database, ManualClock.somewhere()).declare(List.of(TestManager.cluster("a")));
    }

    try (var database = Database.open(location)) {
      var clusters =
          new ClusterStore(database, ManualClock.somewhere())
              .declare(List.of(TestManager.cluster("b"), TestManager.cluster("a")));

      assertThat(clusters).extracting(c -> c.name().value()).containsExactly("a", "b");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(location.path()))).isEqualTo("rwx------");
  }

  @Test
  @Threat({"TOB-5", "F-20"})
  void directory_thatOthersMayEnterIsRefused(@TempDir Path parent) throws Exception {
    var open = Files.createDirectory(parent.resolve("db"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-x---"));

    assertThatThrownBy(() -> Database.open(new DatabaseLocation.Directory(open)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("0700");
  }

  @Test
  @Threat({"TOB-5", "F-18"})
  void directory_thatIsALinkIsRefused(@TempDir Path parent) throws Exception {
    var target = Files.createDirectory(parent.resolve("target"));
    var link = Files.createSymbolicLink(parent.resolve("link"), target);

    assertThatThrownBy(() -> Database.open(new DatabaseLocation.Directory(link)))
        .isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void transaction_thatThrowsLeavesNothing() {
    try (var manager = new TestManager()) {
      assertThatThrownBy(
              () ->
                  manager.database.inTransaction(
                      handle -> {
                        handle.execute("update scheduler_cluster set bio = 'changed'");
                        throw new IllegalStateException("scripted");
                      }))
          .isInstanceOf(IllegalStateException.class);

      List<String> texts =
          manager.database.inTransaction(
              handle -> handle.createQuery("select bio from scheduler_cluster").mapTo(String.class).list());
      assertThat(texts).containsExactly("", "");
    }
  }
}
