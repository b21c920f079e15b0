package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Full disks and users with few rights, on real file systems and with real user ids. Runs as root.
@NullMarked
@Tag("real")
@Timeout(180)
class LocalFailuresTest {
  private static final int SIZE = 4 * GoodContent.PIECE + 4711;
  private static final int NOBODY = 65_534;
  private static final int STRANGER = 65_533;

  private static Path home = Path.of("/nowhere");
  private static ScriptedOrigin origin;
  private static Cluster cluster;
  private static TinyDisk store;

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
    origin = ScriptedOrigin.start("127.0.0.1");
    store = TinyDisk.mount(home.resolve("tiny"), "48m");
    String brief = Cluster.Plan.LOOPBACK + ", download: {serve-for: 0s}";
    String users = ", local: {socket: \"" + home.resolve("p1-l").resolve("d.sock") + "\", users: [\"" + NOBODY + "\"]}";
    String tiny = ", store: {directory: \"" + home.resolve("tiny").resolve("store") + "\", quota: 4GiB}";
    cluster = Cluster.start(home, Cluster.Plan.of(List.of("p1", "p2")).withSettings(Map.of("p1", brief + users, "p2", brief + tiny)));
    copyProgram();
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
    store.unmount();
    origin.close();
    Homes.delete(home);
  }

  /// Other users may not be able to read this checkout.
  private static void copyProgram() throws IOException {
    Path dist = Command.PROGRAM.resolveSibling("dist");
    Path lib = Files.createDirectories(home.resolve("program/dist/target/lib"));
    Files.copy(dist.resolve("src/main/sh/run.sh"), home.resolve("program/run.sh"));
    try (var jars = Files.list(dist.resolve("target/lib"))) {
      for (Path jar : jars.filter(file -> file.toString().matches(".*/(dist|api|protobuf-java|grpc-api)-.*\\.jar")).toList()) {
        Files.copy(jar, lib.resolve(jar.getFileName()));
      }
    }
  }

  private static Path directory(int owner) throws IOException {
    Path directory = Files.createTempDirectory(home, "o");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setAttribute(directory, "unix:uid", owner);
    return directory;
  }

  private static Command.Result getAs(int user, String path, Path output) throws IOException, InterruptedException {
    Path program = home.resolve("program");
    var words =
        new ArrayList<>(
            List.of(
                "setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", "env", "JAVA_HOME=" + System.getProperty("java.home"),
                "sh", program.resolve("run.sh").toString(), program.toString()));
    words.addAll(List.of("get", origin.url(path), "-O", output.toString(), "--json", "--endpoint", cluster.socket("p1").toString()));
    return Command.await(cluster.command().startProgram(words));
  }

  private static Command.Result get(String peer, String path, Path output) throws IOException, InterruptedException {
    return Command.await(cluster.get(peer, origin.url(path), output));
  }

  private static void assertNothingBeside(Path output) throws IOException {
    try (var left = Files.list(output.resolveSibling("."))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void fullOutputDisk_isSaidAsSuch_andLeavesNothing() throws Exception {
    var content = GoodContent.of(SIZE, 1);
    origin.on("/output-full", content);
    TinyDisk disk = TinyDisk.mount(home.resolve("small"), "6m");

    Command.Result result = get("p1", "/output-full", disk.directory().resolve("out"));

    assertThat(result.code()).as(result.all()).isEqualTo(7);
    assertThat(result.err()).contains("output").contains("disk full");
    assertNothingBeside(disk.directory().resolve("out"));
    disk.unmount();
    Path elsewhere = directory(0).resolve("out");

    Command.Result repeat = get("p1", "/output-full", elsewhere);

    assertThat(repeat.code()).as(repeat.all()).isZero();
    assertThat(SwarmProcessesTest.number(repeat.out(), "from_cache")).as(repeat.all()).isPositive();
    assertThat(Arrays.equals(Files.readAllBytes(elsewhere), content.bytes())).isTrue();
  }

  @Test
  @Threat("S-DLG-3")
  void contentThatCannotFitTheStoreDisk_isRefusedBeforeItIsRead() throws Exception {
    var content = GoodContent.of(60 << 20, 2);
    origin.on("/store-small", content);
    Path output = directory(0).resolve("out");

    Command.Result result = get("p2", "/store-small", output);

    assertThat(result.code()).as(result.all()).isEqualTo(3);
    assertThat(result.out()).contains("NO_SPACE").contains("\"hop\":\"daemon\"").contains("quota or file system is full");
    assertNothingBeside(output);
    assertThat(content.sent()).isZero();
  }

  @Test
  void storeDiskThatFillsUpInTheMiddle_isSaid_andARepeatResumes() throws Exception {
    var content = GoodContent.of(SIZE, 3);
    origin.on("/store-full", content);
    content.shutAfter(2);
    Path output = directory(0).resolve("out");
    var running = cluster.get("p2", origin.url("/store-full"), output);
    running.awaitMatch("\"from_origin\":[1-9]");
    Path filler = store.directory().resolve("filler");
    store.fill(filler);
    content.open();

    Command.Result result = Command.await(running);

    assertThat(result.code()).as(result.all()).isEqualTo(3);
    assertThat(result.out()).contains("NO_SPACE").contains("\"hop\":\"daemon\"").contains("disk");
    assertNothingBeside(output);
    Files.delete(filler);
    Command.Result repeat = get("p2", "/store-full", output);
    assertThat(repeat.code()).as(repeat.all()).isZero();
    assertThat(SwarmProcessesTest.number(repeat.out(), "from_cache")).as(repeat.all()).isPositive();
    assertThat(Arrays.equals(Files.readAllBytes(output), content.bytes())).isTrue();
  }

  @Test
  @Threat("S-DLG-1")
  void directoryThatTheCallerMayNotWrite_isRefused_thoughTheDaemonCould() throws Exception {
    origin.on("/not-yours", GoodContent.of(SIZE, 4));
    Path directory = directory(0);

    Command.Result result = getAs(NOBODY, "/not-yours", directory.resolve("out"));

    assertThat(result.code()).as(result.all()).isEqualTo(7);
    assertThat(result.err()).contains("you may not write in the output directory: " + directory);
    assertNothingBeside(directory.resolve("out"));
    assertThat(origin.requests("/not-yours")).isEmpty();
  }

  @Test
  void fileOfANamedUser_belongsToThatUser() throws Exception {
    var content = GoodContent.of(SIZE, 5);
    origin.on("/yours", content);
    Path output = directory(NOBODY).resolve("out");

    Command.Result result = getAs(NOBODY, "/yours", output);

    assertThat(result.code()).as(result.all()).isZero();
    assertThat(Files.getAttribute(output, "unix:uid", LinkOption.NOFOLLOW_LINKS)).isEqualTo(NOBODY);
    assertThat(Arrays.equals(Files.readAllBytes(output), content.bytes())).isTrue();
  }

  @Test
  @Threat("S-DLG-1")
  void userWhoIsNotNamed_getsNothing_evenWithAnOpenSocket() throws Exception {
    origin.on("/stranger", GoodContent.of(SIZE, 6));
    Path output = directory(STRANGER).resolve("out");

    Command.Result result = getAs(STRANGER, "/stranger", output);

    assertThat(result.code()).as(result.all()).isEqualTo(3);
    assertThat(result.out()).contains("CALLER_NOT_ALLOWED");
    assertNothingBeside(output);
    assertThat(origin.requests("/stranger")).isEmpty();
  }

  /// A small file system of its own.
  record TinyDisk(Path directory) {
    static TinyDisk mount(Path directory, String size) throws IOException, InterruptedException {
      Files.createDirectories(directory);
      int code = run("mount", "-t", "tmpfs", "-o", "mode=755,size=" + size, "tmpfs", directory.toString());
      if (code != 0) {
        System.err.println("SKIPPED: this machine does not let us mount a small file system, full disks are not tested");
      }
      assumeTrue(code == 0, "no mounts here");
      return new TinyDisk(directory);
    }

    /// Takes all the room there is.
    void fill(Path file) throws IOException {
      byte[] block = new byte[4096];
      try (var out = Files.newOutputStream(file)) {
        while (true) {
          out.write(block);
        }
      } catch (IOException full) {
        assertThat(Files.size(file)).isPositive();
      }
    }

    private static int run(String... words) throws IOException, InterruptedException {
      Process process = new ProcessBuilder(words).inheritIO().start();
      return process.waitFor(30, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    void unmount() throws IOException, InterruptedException {
      run("umount", "-l", directory.toString());
    }
  }
}
