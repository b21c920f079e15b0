package dev.damselfly.authz.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Directories, files and links that somebody else may have prepared.
@NullMarked
@SuppressWarnings("MustBeClosedChecker") // closed in the same expression
@Threat({"TOB-5", "CVE-2025-59349", "F-18", "F-20"})
class SafeDirTest {
  private static final FileName NAME = new FileName("record");

  @TempDir Path temp;
  private Path ours = Path.of("/");

  @BeforeEach
  void prepare() throws IOException {
    ours = directory("ours", "rwx------");
  }

  private Path directory(String name, String mode) throws IOException {
    Path made = Files.createDirectory(temp.toRealPath().resolve(name));
    return Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(mode));
  }

  private static Path file(Path path, String mode) throws IOException {
    Files.writeString(path, "theirs");
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  private static void assertRefused(Path path) {
    assertThatThrownBy(() -> SafeDir.open(path).close()).isInstanceOf(UnsafeFile.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwx------", "rwxr-x---"})
  void directory_thatIsClosedToOthers_isOpened(String mode) throws IOException {
    try (SafeDir dir = SafeDir.open(directory("closed", mode))) {
      assertThat(dir.names(10)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwx-w----", "rwxrwx---", "rwx----w-", "rwx---r--", "rwx-----x", "rwxrwxrwx"})
  void directory_thatOthersCanUse_isRefused(String mode) throws IOException {
    assertRefused(directory("shared", mode));
  }

  @Test
  void link_anywhereInThePath_isRefused() throws IOException {
    Path inner = Files.createDirectory(ours.resolve("inner"));
    Files.setPosixFilePermissions(inner, PosixFilePermissions.fromString("rwx------"));
    Path link = Files.createSymbolicLink(ours.resolveSibling("link"), ours);

    assertRefused(link);
    assertRefused(link.resolve("inner"));
    SafeDir.open(inner).close();
  }

  @Test
  void child_thatIsALink_isRefused() throws IOException {
    Files.createSymbolicLink(ours.resolve(NAME.text()), directory("elsewhere", "rwx------"));

    try (SafeDir dir = SafeDir.open(ours)) {
      assertThatThrownBy(() -> dir.child(NAME).close()).isInstanceOf(UnsafeFile.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ours", "/tmp/../tmp", "/tmp/./x"})
  void path_thatIsNotAbsoluteAndNormal_isRefused(String text) {
    assertRefused(Path.of(text));
  }

  @Test
  void linkToAFile_isNeitherReadNorWrittenNorReplaced() throws IOException {
    Path target = file(temp.resolve("target"), "rw-------");
    Files.createSymbolicLink(ours.resolve(NAME.text()), target);

    try (SafeDir dir = SafeDir.open(ours)) {
      assertThatThrownBy(() -> dir.read(NAME).close()).isInstanceOf(UnsafeFile.class);
      assertThatThrownBy(() -> dir.write(NAME).close()).isInstanceOf(UnsafeFile.class);
      assertThatThrownBy(() -> dir.create(NAME).close()).isInstanceOf(FileAlreadyExistsException.class);
      dir.delete(NAME);
    }

    assertThat(target).hasContent("theirs");
    assertThat(ours.resolve(NAME.text()).toFile().exists()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-rw----", "rw----r--", "rw-----w-"})
  void file_thatOthersCanUse_isRefused(String mode) throws IOException {
    file(ours.resolve(NAME.text()), mode);

    try (SafeDir dir = SafeDir.open(ours)) {
      assertThatThrownBy(() -> dir.read(NAME).close()).isInstanceOf(UnsafeFile.class);
      assertThatThrownBy(() -> dir.write(NAME).close()).isInstanceOf(UnsafeFile.class);
    }
  }

  @Test
  void whatIsMade_isForItsOwnerAlone() throws IOException {
    Path fresh = ours.resolve("fresh");

    try (SafeDir dir = SafeDir.openOrCreate(fresh);
        var channel = dir.create(NAME)) {
      assertThat(channel.write(ByteBuffer.wrap(new byte[] {1}))).isEqualTo(1);
      dir.sync();
    }

    assertThat(mode(fresh)).isEqualTo("rwx------");
    assertThat(mode(fresh.resolve(NAME.text()))).isEqualTo("rw-------");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void swapOfThePath_movesNothing() throws IOException {
    try (SafeDir dir = SafeDir.open(ours)) {
      Path moved = Files.move(ours, ours.resolveSibling("moved"));
      Path trap = directory("ours", "rwx------");

      dir.create(NAME).close();

      assertThat(moved.resolve(NAME.text())).exists();
      assertThat(trap).isEmptyDirectory();
    }
  }
}
