package dev.damselfly.dist.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `damselfly runtime` on directories that others use, too.
@NullMarked
class RuntimeCommandTest {
  private static final int OK = ExitCode.OK.value();
  private static final int USAGE = ExitCode.USAGE.value();
  private static final int LOCAL_IO = ExitCode.LOCAL_IO.value();
  private static final String OTHERS = "server = \"https://elsewhere.example.org\"\n";

  @TempDir private Path temp;
  private Path dir = Path.of("/");
  private String said = "";

  @BeforeEach
  void prepare() throws IOException {
    dir = Files.createDirectory(temp.toRealPath().resolve("certs.d"));
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private int run(String... words) {
    var bytes = new ByteArrayOutputStream();
    var args = new ArrayList<String>(List.of("runtime"));
    args.addAll(List.of(words));
    args.addAll(List.of("--dir", dir.toString()));
    int code = Main.run(args, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    said = bytes.toString(StandardCharsets.UTF_8);
    return code;
  }

  private int write(String... registries) {
    var words = new ArrayList<>(List.of("containerd", "--write"));
    for (String registry : registries) {
      words.addAll(List.of("--registry", registry));
    }
    return run(words.toArray(String[]::new));
  }

  /// Everything below the directory, with modes.
  private Map<String, String> tree() throws IOException {
    var all = new TreeMap<String, String>();
    try (var files = Files.walk(temp)) {
      for (Path file : files.toList()) {
        String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
        boolean regular = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
        all.put(file.toString(), mode + (regular ? Files.readString(file, StandardCharsets.ISO_8859_1) : ""));
      }
    }
    return all;
  }

  private Path folder(String name) throws IOException {
    Path made = Files.createDirectory(dir.resolve(name));
    return Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Path theirs(Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("hosts.toml"), OTHERS);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
  }

  private Path config(String proxy) throws IOException {
    return Files.writeString(temp.resolve("peer.yaml"), "identity: {trust-domain: example.org}\npeer: {listen: x, " + proxy + "}\n");
  }

  @Test
  void write_tellsContainerd_forEachRegistry() throws IOException {
    assertThat(write("docker.io", "registry.test:5000=http://127.0.0.1:25000")).isEqualTo(OK);

    assertThat(dir.resolve("docker.io/hosts.toml")).content().endsWith("""

        server = "https://registry-1.docker.io"

        [host."http://127.0.0.1:65001"]
          capabilities = ["pull", "resolve"]
        """.stripLeading());
    assertThat(dir.resolve("registry.test_5000_/hosts.toml")).content().contains("server = \"http://127.0.0.1:25000\"\n");
    assertThat(tree().get(dir.resolve("docker.io/hosts.toml").toString())).startsWith("rw-r--r--");
    assertThat(tree().get(dir.resolve("docker.io").toString())).isEqualTo("rwxr-xr-x");
  }

  @Test
  void callersOfTheProxy_areTheDaemonsBusiness() throws IOException {
    Path file = config("proxy: {listen: \"127.0.0.1:1\", callers: {credentials: /none/callers}, upstreams: [{name: docker.io, url: \"https://registry-1.docker.io\", callers: [ci], this-host: true}]}");

    assertThat(run("containerd", "--write", "--config", file.toString())).as(said).isEqualTo(OK);

    assertThat(dir.resolve("docker.io/hosts.toml")).content().contains("[host.\"http://127.0.0.1:1\"]");
  }

  @Test
  void directoryOfTheOtherSpelling_isWarnedAbout() throws IOException {
    theirs(folder("registry.test:5000"));
    String warning = "warning: " + dir.resolve("registry.test:5000") + " is for the same registry; containerd does not read it while ours is there";

    assertThat(run("containerd", "--dry-run", "--registry", "registry.test:5000")).isEqualTo(OK);
    assertThat(said).contains(warning);
    assertThat(write("registry.test:5000", "docker.io")).isEqualTo(OK);
    assertThat(said).containsOnlyOnce("warning: ").contains(warning);
    assertThat(dir.resolve("registry.test:5000/hosts.toml")).hasContent(OTHERS);
    assertThat(write("docker.io")).isEqualTo(OK);
    assertThat(said).doesNotContain("warning");
  }

  @Test
  void write_twice_isOnce() throws IOException {
    Path theirs = theirs(folder("docker.io"));
    write("docker.io", "ghcr.io");
    var once = tree();

    assertThat(write("docker.io", "ghcr.io")).isEqualTo(OK);

    assertThat(tree()).isEqualTo(once);
    assertThat(theirs.resolveSibling("hosts.toml.before-damselfly")).hasContent(OTHERS);
  }

  @Test
  @Threat("S-RTC-3")
  void undo_restoresEveryByteAndMode() throws IOException {
    theirs(folder("docker.io"));
    folder("empty.example.org");
    var before = tree();
    write("docker.io", "ghcr.io", "empty.example.org");
    run("containerd", "--write", "--registry", "docker.io", "--mirror", "http://[::1]:7000");
    run("containerd", "--write", "--registry", "ghcr.io", "--mirror", "http://localhost:7000");

    assertThat(run("containerd", "--undo")).isEqualTo(OK);

    assertThat(tree()).isEqualTo(before);
    assertThat(run("containerd", "--undo")).isEqualTo(OK);
    assertThat(said).startsWith("nothing to take back");
  }

  @Test
  @Threat("S-RTC-3")
  void editedFile_isNeitherReplacedNorTakenBack() throws IOException {
    write("docker.io", "ghcr.io");
    Path file = dir.resolve("docker.io/hosts.toml");
    Files.writeString(file, Files.readString(file).replace("resolve", "push"));
    var edited = tree();

    assertThat(write("ghcr.io", "docker.io", "quay.io")).isEqualTo(LOCAL_IO);
    assertThat(run("containerd", "--undo")).isEqualTo(LOCAL_IO);

    assertThat(tree()).isEqualTo(edited);
  }

  @Test
  @Threat("S-RTC-3")
  void anotherFileInPlaceOfOurs_isKept_whileOneIsKeptAlready() throws IOException {
    Path theirs = theirs(folder("docker.io"));
    write("docker.io");
    Files.writeString(theirs, "# a second one\n");
    var before = tree();

    assertThat(write("docker.io")).isEqualTo(LOCAL_IO);
    assertThat(run("containerd", "--undo")).isEqualTo(LOCAL_IO);

    assertThat(tree()).isEqualTo(before);
  }

  @Test
  void undo_afterAnInterruptedWrite_putsBackWhatWasKept() throws IOException {
    Path theirs = theirs(folder("docker.io"));
    var before = tree();
    Files.move(theirs, theirs.resolveSibling("hosts.toml.before-damselfly"));

    assertThat(run("containerd", "--undo")).isEqualTo(OK);

    assertThat(tree()).isEqualTo(before);
  }

  @Test
  @Threat("S-RTC-2")
  void links_areNotFollowed() throws IOException {
    Path outside = Files.createDirectory(temp.toRealPath().resolve("outside"));
    Files.createSymbolicLink(dir.resolve("docker.io"), outside);
    Path target = Files.writeString(outside.resolve("target"), "untouched");
    Files.createSymbolicLink(folder("ghcr.io").resolve("hosts.toml"), target);
    Files.createSymbolicLink(folder("quay.io").resolve("hosts.toml.before-damselfly"), target);
    var before = tree();

    for (String registry : List.of("docker.io", "ghcr.io", "quay.io")) {
      assertThat(write(registry)).as(registry).isEqualTo(LOCAL_IO);
    }
    assertThat(run("containerd", "--undo")).isEqualTo(OK);
    Path real = dir;
    dir = Files.createSymbolicLink(temp.resolve("link"), real);
    assertThat(write("gcr.io")).isEqualTo(LOCAL_IO);
    dir = dir.resolve("below");
    assertThat(write("gcr.io")).isEqualTo(LOCAL_IO);
    Files.delete(temp.resolve("link"));

    assertThat(tree()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxr-x", "rwxr-xrwx"})
  @Threat("S-RTC-2")
  void directoryThatOthersMayWrite_isRefused(String mode) throws IOException {
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString(mode));

    assertThat(write("docker.io")).isEqualTo(LOCAL_IO);

    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void runThatIsAtWork_isNotDisturbed() throws IOException {
    Files.createFile(dir.resolve("damselfly-runtime.lock"));
    var before = tree();

    assertThat(write("docker.io")).isEqualTo(LOCAL_IO);
    assertThat(run("containerd", "--undo")).isEqualTo(LOCAL_IO);

    assertThat(tree()).isEqualTo(before);
  }

  @Test
  void dryRun_saysWhatWriteDoes_andChangesNothing() throws IOException {
    Path theirs = theirs(folder("docker.io"));
    var before = tree();

    assertThat(run("containerd", "--dry-run", "--registry", "docker.io", "--registry", "ghcr.io")).isEqualTo(OK);

    String shown = said;
    assertThat(tree()).isEqualTo(before);
    write("docker.io", "ghcr.io");
    for (Path file : List.of(theirs, dir.resolve("ghcr.io/hosts.toml"))) {
      assertThat(shown).contains(file + "  ").contains("  | " + Files.readString(file).stripTrailing().replace("\n", "\n  | "));
    }
    assertThat(shown).contains("is kept beside it");
  }

  @Test
  void absentDirectory_isMade_butNotItsParents() throws IOException {
    Path there = dir;
    dir = there.resolve("a");
    assertThat(run("containerd", "--dry-run", "--registry", "docker.io")).isEqualTo(OK);
    assertThat(there).isEmptyDirectory();

    assertThat(write("docker.io")).isEqualTo(OK);

    assertThat(tree().get(dir.toString())).isEqualTo("rwxr-xr-x");
    dir = there.resolve("b/c");
    assertThat(write("docker.io")).isEqualTo(LOCAL_IO);
    assertThat(run("containerd", "--undo")).isEqualTo(OK);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "..", ".", "../x", "a/b", "/etc/passwd", "Docker.io", "docker.io.", "a\"b", "a\nb", "a]b", "a b", "-a", "a..b", ":5000",
        "a:b", "a:0", "a:99999", "a:1:2", "[::1]:5000", "_default", "a%2fb", "docker.io=", "docker.io=ftp://x", "docker.io=https://x/y",
        "docker.io=https://u:p@x", "docker.io=https://x\"", "docker.io=https://x\n", "docker.io=https://\"]\nx", "docker.io=https://x?y",
        "docker.io=https://X", "docker.io=https://a_b", "docker.io=https://x#"
      })
  @Threat("S-RTC-1")
  void registry_thatIsNotOne_isRefused(String text) throws IOException {
    for (String runtime : List.of("containerd", "podman")) {
      assertThat(run(runtime, "--write", "--registry=" + text)).as(text).isEqualTo(USAGE);
    }

    assertThat(dir).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "127.0.0.1:1", "https://127.0.0.1:1", "http://10.0.0.1:1", "http://mirror.example.org", "http://127.0.0.1:1/x", "http://127.1:1",
        "http://0:1", "http://u@127.0.0.1:1", "http://127.0.0.1:1\n", "http://localhost.example.org:1", "http://127.0.0.1.example.org"
      })
  @Threat("S-RTC-1")
  void mirrorElsewhere_isRefused(String url) {
    assertThat(run("containerd", "--write", "--registry", "docker.io", "--mirror", url)).isEqualTo(USAGE);

    assertThat(dir).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "docker --write", "containerd podman --write", "containerd", "containerd --write --undo", "containerd --write",
        "containerd --undo --registry docker.io", "podman --write --registry docker.io --registry ghcr.io",
        "containerd --write --registry docker.io --registry docker.io", "containerd --write --config /none"
      })
  void wrongUse_isRefused(String words) {
    assertThat(run(words.split(" "))).isEqualTo(USAGE);

    assertThat(dir).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"cri-o", "podman"})
  void write_tellsTheOthers_ofTheDefaultRegistry(String runtime) throws IOException {
    String file =
        config(
                "proxy: {listen: \"127.0.0.1:7001\", upstreams: [{name: ghcr.io, url: \"https://ghcr.io\"},"
                    + " {name: registry.test, url: \"http://10.0.0.1:5000\", default: true}]}")
            .toString();

    assertThat(run(runtime, "--write", "--config", file)).isEqualTo(OK);

    assertThat(dir.resolve("99-damselfly.conf")).content().endsWith("""
        [[registry]]
        prefix = "registry.test"
        location = "10.0.0.1:5000"
        insecure = true

        [[registry.mirror]]
        location = "127.0.0.1:7001"
        insecure = true
        """);
    assertThat(run(runtime, "--write", "--config", file, "--registry", "ghcr.io")).isEqualTo(USAGE);
    assertThat(run(runtime, "--undo")).isEqualTo(OK);
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void write_takesRegistriesAndMirrorFromTheFileOfThePeer() throws IOException {
    String file =
        config("proxy: {listen: \"[::1]:7001\", upstreams: [{name: ghcr.io, url: \"https://ghcr.io\"}, {name: \"a.test:80\", url: \"http://a.test\"}]}")
            .toString();

    assertThat(run("containerd", "--write", "--config", file)).isEqualTo(OK);

    assertThat(dir.resolve("ghcr.io/hosts.toml")).content().contains("[host.\"http://[::1]:7001\"]");
    assertThat(dir.resolve("a.test_80_/hosts.toml")).content().contains("server = \"http://a.test\"");
    assertThat(run("containerd", "--write", "--config", file, "--registry", "quay.io")).isEqualTo(USAGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ip: x", "proxy: {listen: \"0.0.0.0:1\", upstreams: [{name: a, url: \"https://a\"}]}", "proxy: {listen: \"127.0.0.1:1\"}",
        "proxy: {listen: \"127.0.0.1:0\", upstreams: [{name: a, url: \"https://a\"}]}",
        "proxy: {listen: \"127.0.0.1:1\", upstreams: [{name: a..b, url: \"https://a\"}]}",
        "proxy: {listen: \"127.0.0.1:1\", upstreams: [{name: a, url: \"https://a\\\"]\"}]}"
      })
  @Threat("S-RTC-1")
  void fileOfThePeer_thatIsWrong_isRefused(String proxy) throws IOException {
    assertThat(run("containerd", "--write", "--config", config(proxy).toString())).isEqualTo(USAGE);

    assertThat(dir).isEmptyDirectory();
  }
}
