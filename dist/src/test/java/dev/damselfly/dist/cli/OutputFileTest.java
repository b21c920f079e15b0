package dev.damselfly.dist.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class OutputFileTest {
  @Test
  @Threat("S-DLG-5")
  void nothing_standsAtTheFinalName_beforePublish(@TempDir Path directory) throws Exception {
    Path target = directory.resolve("out");
    try (var file = OutputFile.create(target, false)) {
      file.channel().write(ByteBuffer.wrap(new byte[] {1}));
      assertThat(target).doesNotExist();
    }

    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void publish_putsTheContentInPlace_andLeavesNothingElse(@TempDir Path directory) throws Exception {
    Path target = directory.resolve("out");
    try (var file = OutputFile.create(target, false)) {
      file.channel().write(ByteBuffer.wrap(new byte[] {1, 2}));
      file.publish();
    }

    assertThat(target).hasBinaryContent(new byte[] {1, 2});
    assertThat(directory.toFile().list()).containsExactly("out");
  }

  @Test
  void existingFile_isKeptWithoutOverwrite_evenWhenItAppearsLate(@TempDir Path directory) throws Exception {
    Path target = directory.resolve("out");
    try (var file = OutputFile.create(target, false)) {
      Files.writeString(target, "mine");

      var refused = catchThrowableOfType(CommandFailed.class, file::publish);

      assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    }
    assertThat(target).hasContent("mine");
    assertThat(directory.toFile().list()).containsExactly("out");
  }

  @Test
  void overwrite_replacesInOneStep(@TempDir Path directory) throws Exception {
    Path target = Files.writeString(directory.resolve("out"), "old");
    try (var file = OutputFile.create(target, true)) {
      file.channel().write(ByteBuffer.wrap("new".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
      file.publish();
    }

    assertThat(target).hasContent("new");
  }

  @Test
  void missingDirectory_isALocalProblem(@TempDir Path directory) {
    var refused =
        catchThrowableOfType(CommandFailed.class, () -> OutputFile.create(directory.resolve("none").resolve("out"), false).close());

    assertThat(refused.code()).isEqualTo(ExitCode.LOCAL_IO);
  }
}
