package dev.damselfly.dist.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.dist.lazy.LazyChunks;
import dev.damselfly.dist.lazy.LazyFiles;
import dev.damselfly.dist.lazy.MountPath;
import dev.damselfly.dist.lazy.Prefetch;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Hostile;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.layer.Layers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `damselfly nydus` on real, damaged and hostile images.
@NullMarked
class NydusCommandTest {
  @TempDir private Path work;

  private record Outcome(int code, byte[] out) {
    String text() {
      return new String(out, StandardCharsets.UTF_8);
    }
  }

  private Outcome run(String... words) {
    var bytes = new ByteArrayOutputStream();
    var args = new ArrayList<String>(List.of("nydus"));
    args.addAll(List.of(words));
    int code = Main.run(args, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return new Outcome(code, bytes.toByteArray());
  }

  private String write(Golden golden) throws IOException {
    Path directory = Files.createDirectory(work.resolve(golden.name()));
    for (String file : golden.files().keySet()) {
      Files.write(directory.resolve(file), golden.file(file));
    }
    return directory.resolve("bootstrap").toString();
  }

  private static Hostile hostile(String name) {
    return Hostile.named(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v6-merged", "v6-merged-mixed", "v6-batch", "v6-zran", "v6-empty", "v5-lz4-blake3-1m"})
  void check_verifiesEveryChunk(String name) throws IOException {
    Outcome checked = run("check", write(Golden.image(name)));

    assertThat(checked.code()).isZero();
    assertThat(checked.text()).contains("chunks verified");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"blob-flip-raw", "blob-flip-zstd", "blob-truncated", "batch-flip", "zran-flip", "v5-blob-flip"})
  @Threat("S-NYD-2")
  void check_findsDamage(String name) throws IOException {
    String image = write(hostile(name).image());

    assertThat(run("check", image).code()).isEqualTo(ExitCode.UNVERIFIED.value());
    assertThat(run("check", "--metadata", image).code()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v6-dir-cycle", "v6-name-slash", "v6-blob-id-traversal", "v5-name-dotdot", "v6-empty-file"})
  @Threat("S-NYD-1")
  void everyCommand_refusesAHostileImage(String name) throws IOException {
    String image = write(hostile(name).image());

    for (List<String> words : List.of(
        List.of("check", image), List.of("ls", image), List.of("cat", image, "/data/multi"),
        List.of("unpack", image, "-O", work.resolve("out").toString()))) {
      assertThat(run(words.toArray(String[]::new)).code()).as(words.getFirst()).isEqualTo(ExitCode.UNVERIFIED.value());
    }
    assertThat(work.resolve("out")).doesNotExist();
  }

  @Test
  void check_namesWhatIsMissing() throws IOException {
    String image = write(hostile("blob-missing").image());

    assertThat(run("check", image).code()).isEqualTo(ExitCode.USAGE.value());
    assertThat(run("check", work.resolve("none").toString()).code()).isEqualTo(ExitCode.USAGE.value());
    assertThat(run("check").code()).isEqualTo(ExitCode.USAGE.value());
    assertThat(run("frobnicate", image).code()).isEqualTo(ExitCode.USAGE.value());
  }

  @Test
  void ls_listsNamesThatCannotMoveACursor() throws IOException {
    String image = write(Golden.image("v6-merged"));

    Outcome plain = run("ls", image, "/data");
    Outcome all = run("ls", "-l", "-R", image);

    assertThat(plain.code()).isZero();
    assertThat(plain.text().lines()).contains("aba", "multi").isSorted();
    assertThat(all.text().lines()).anyMatch(line -> line.matches("-0644 +1 +0 +0 +49152 \\S+ /data/aba"));
    assertThat(all.text()).doesNotContain("\u001b", "\t", "\r", "\0");
    assertThat(run("ls", image, "/none").code()).isEqualTo(ExitCode.USAGE.value());
    assertThat(run("ls", image, "/data/../data").code()).isEqualTo(ExitCode.USAGE.value());
  }

  @Test
  void cat_writesTheBytesOfAFile() throws IOException {
    String image = write(Golden.image("v6-merged"));

    Outcome file = run("cat", image, "/data/aba");

    assertThat(file.code()).isZero();
    assertThat(file.out()).hasSize(49152);
    assertThat(run("cat", image, "/data").code()).isEqualTo(ExitCode.USAGE.value());
    assertThat(run("cat", image, "/special/sym-rel").code()).isEqualTo(ExitCode.USAGE.value());
  }

  @Test
  void cat_showsNoByteOfADamagedChunk() throws IOException {
    Outcome file = run("cat", write(hostile("blob-flip-raw").image()), "/data/multi");

    assertThat(file.code()).isEqualTo(ExitCode.UNVERIFIED.value());
    assertThat(file.out()).isEmpty();
  }

  @Test
  void layer_isReadAsTar_andInGzip() throws IOException {
    Golden golden = Golden.image("v6-merged");
    write(golden);
    Path blobs = work.resolve(golden.name());
    byte[] layer = Layers.of(golden.bootstrap());
    Path tar = Files.write(work.resolve("layer.tar"), layer);
    Path gzip = Files.write(work.resolve("layer.tgz"), Layers.gzip(layer));
    Path broken = Files.write(
        work.resolve("broken.tgz"), Layers.gzip(new Layers().entry('2', "image/image.boot", new byte[0]).end()));

    assertThat(run("check", tar.toString(), "--blobs", blobs.toString()).code()).isZero();
    assertThat(run("check", gzip.toString(), "--blobs", blobs.toString()).code()).isZero();
    assertThat(run("ls", broken.toString()).code()).isEqualTo(ExitCode.UNVERIFIED.value());
  }

  @Test
  @Threat("F-18")
  void unpack_writesTheTree_withoutFollowingItsLinks_andStripsSetuid() throws IOException {
    String image = write(Golden.image("v6-merged"));
    Path out = work.resolve("out");

    Outcome unpacked = run("unpack", image, "-O", out.toString());

    assertThat(unpacked.code()).as(unpacked.text()).isZero();
    assertThat(out.resolve("data/aba")).hasBinaryContent(run("cat", image, "/data/aba").out());
    assertThat(Files.isSymbolicLink(out.resolve("special/sym-rel"))).isTrue();
    assertThat(unpacked.text()).contains("left out: ", "devices, pipes and sockets");
    try (var all = Files.walk(out)) {
      for (Path path : all.toList()) {
        int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        assertThat(mode & 07000).as(path.toString()).isZero();
      }
    }
    try (var left = Files.list(work)) {
      assertThat(left.map(path -> String.valueOf(path.getFileName()))).containsExactlyInAnyOrder("out", "v6-merged");
    }
  }

  @Test
  @Threat("F-18")
  void unpack_makesItsOutputNew_andLeavesNothingAfterAFailure() throws IOException {
    Path existing = Files.createDirectory(work.resolve("there"));
    Path link = Files.createSymbolicLink(work.resolve("link"), existing);
    String good = write(Golden.image("v6-merged"));
    String damaged = write(hostile("blob-flip-raw").image());

    assertThat(run("unpack", good, "-O", existing.toString()).code()).isEqualTo(ExitCode.USAGE.value());
    assertThat(run("unpack", good, "-O", link.toString()).code()).isEqualTo(ExitCode.USAGE.value());
    assertThat(run("unpack", good).code()).isEqualTo(ExitCode.USAGE.value());
    assertThat(run("unpack", good, "-O", work.resolve("small").toString(), "--max-size", "1000").code())
        .isEqualTo(ExitCode.REFUSED.value());
    assertThat(run("unpack", damaged, "-O", work.resolve("out").toString()).code())
        .isEqualTo(ExitCode.UNVERIFIED.value());
    try (var left = Files.list(work)) {
      assertThat(left.map(path -> String.valueOf(path.getFileName())))
          .containsExactlyInAnyOrder("there", "link", "v6-merged", "blob-flip-raw");
    }
    assertThat(existing).isEmptyDirectory();
  }

  @Test
  @Threat("F-18")
  void unpack_refusesADirectoryThatOthersCanExchange() throws IOException {
    Path open = Files.createDirectory(work.resolve("open"));
    Files.setAttribute(open, "unix:mode", 0777);
    String image = write(Golden.image("v6-empty"));

    assertThat(run("unpack", image, "-O", open.resolve("out").toString()).code()).isEqualTo(ExitCode.REFUSED.value());
    Files.setAttribute(open, "unix:mode", 01777);
    assertThat(run("unpack", image, "-O", open.resolve("out").toString()).code()).isZero();
  }

  @Test
  void limits_areThoseOfTheTableOfBounds() {
    Limits limits = Limits.standard();

    assertThat(limits.bootstrapBytes()).isEqualTo(Bound.BOOTSTRAP.standard());
    assertThat(Limits.MOST_BOOTSTRAP_BYTES).isEqualTo(Bound.BOOTSTRAP.most());
    assertThat((long) limits.inodes()).isEqualTo(Bound.INODES.standard());
    assertThat((long) limits.depth()).isEqualTo(Bound.PATH_DEPTH.standard());
    assertThat((long) limits.directoryEntries()).isEqualTo(Bound.DIRECTORY_ENTRIES.standard());
    assertThat((long) limits.xattrBytes()).isEqualTo(Bound.XATTRS.standard());
    assertThat((long) limits.chunksPerBlob()).isEqualTo(Bound.CHUNKS.standard());
    assertThat((long) Limits.MOST_CHUNK_BYTES).isEqualTo(Bound.CHUNK.standard());
    assertThat((long) MountPath.MAX_LENGTH).isEqualTo(Bound.MOUNT_PATH.most());
    assertThat((long) LazyFiles.MAX_READ).isEqualTo(Bound.MOUNT_READ.most());
    assertThat((long) LazyFiles.MAX_OPEN).isEqualTo(Bound.MOUNT_OPEN_FILES.most());
    assertThat(LazyChunks.WINDOW).isEqualTo(Bound.MOUNT_READ_AHEAD.most());
    assertThat(Prefetch.BUDGET).isEqualTo(Bound.MOUNT_PREFETCH.standard());
  }
}
