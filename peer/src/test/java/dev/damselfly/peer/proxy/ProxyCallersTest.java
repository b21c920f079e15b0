package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The file of callers, and what they send.
@NullMarked
class ProxyCallersTest {
  private static final String TOKEN = "0123456789abcdef0123456789abcdef";
  private static final String GOOD = "ci:sha256:" + ProxyLab.hash(TOKEN);

  @TempDir private Path directory = Path.of("/nowhere");
  private Path file = Path.of("/nowhere");

  @BeforeEach
  void make() throws IOException {
    Path folder = Files.createDirectory(directory.toRealPath().resolve("proxy"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    file = folder.resolve("callers");
  }

  private void write(String text, String mode) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private List<String> problems(String more) {
    String yaml =
        "proxy: {listen: x, callers: {credentials: \"%s\"}, upstreams: [{name: a.test, url: \"https://a.test\"%s}]}".formatted(file, more);
    try {
      var reader = ConfigReader.parse(yaml.getBytes(US_ASCII));
      ProxyConfig.read(reader, _ -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      reader.finish();
      return List.of();
    } catch (ConfigProblems e) {
      return e.problems();
    }
  }

  private static ProxyCredential credential(String pair) {
    return ProxyCredential.parse("Basic " + Base64.getEncoder().encodeToString(pair.getBytes(US_ASCII))).orElseThrow();
  }

  @Test
  void file_namesCallersByTheHashOfTheirTokens() throws IOException {
    write("# who may\n\n" + GOOD + "\ndev.1:sha256:" + ProxyLab.hash(TOKEN + "x") + "\n", "rw-------");

    assertThat(problems("")).isEmpty();
    assertThat(problems(", callers: [ci], this-host: true")).isEmpty();
    assertThat(problems(", callers: [other]")).containsExactly("proxy.upstreams[0].callers: must be names of the file of proxy.callers");
    assertThat(problems(", callers: []")).containsExactly("proxy.upstreams[0].callers: must name a caller");
    var callers = ProxyCallers.parse(Files.readAllBytes(file), new ArrayList<>());
    assertThat(callers.names()).containsExactlyInAnyOrder("ci", "dev.1");
    assertThat(callers.knows(credential("ci:" + TOKEN))).isTrue();
    assertThat(callers.knows(credential("dev.1:" + TOKEN + "x"))).isTrue();
    assertThat(callers.knows(credential("dev.1:" + TOKEN))).isFalse();
    assertThat(callers.knows(credential("ci:" + TOKEN + "x"))).isFalse();
    assertThat(callers.knows(credential("cj:" + TOKEN))).isFalse();
    assertThat(callers.toString()).isEqualTo("ProxyCallers[2]");
  }

  @Test
  void problemsOfTheFile_areReportedTogether_withoutItsValues() throws IOException {
    write(GOOD + "\n" + GOOD + "\nCI:sha256:" + "a".repeat(64) + "\nx:md5:canary\nx:sha256:canary\n y\nz:sha256:" + ProxyLab.hash(TOKEN), "rw-------");

    assertThat(problems(""))
        .hasSize(6)
        .allSatisfy(problem -> assertThat(problem).startsWith("proxy.callers.credentials: line ").doesNotContain("canary", ProxyLab.hash(TOKEN)))
        .anySatisfy(problem -> assertThat(problem).contains("line 2: a name must not stand twice"))
        .anySatisfy(problem -> assertThat(problem).contains("line 7: two callers must not have one token"));
  }

  @Test
  void fileThatIsNotSafe_isNotUsed() throws IOException {
    assertThat(problems("")).containsExactly("proxy.callers.credentials: the file cannot be read");
    write(GOOD, "rw-r--r--");
    assertThat(problems("")).singleElement().asString().contains("must be closed to others");
    write("", "rw-------");
    assertThat(problems("")).containsExactly("proxy.callers.credentials: the file names no caller");
    write("#".repeat((64 << 10) + 1), "rw-------");
    assertThat(problems("")).singleElement().asString().contains("at most 65536 bytes");
    Path link = Files.createSymbolicLink(file.resolveSibling("link"), file);
    file = link;
    assertThat(problems("")).singleElement().asString().contains("not a link");
    Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(problems("")).singleElement().asString().contains("a directory must be closed to others");
  }

  @Test
  @Threat("B-25")
  void callers_areBounded() {
    var problems = new ArrayList<String>();
    String many = IntStream.rangeClosed(0, 256).mapToObj(i -> "c" + i + ":sha256:" + ProxyLab.hash("" + i)).collect(Collectors.joining("\n"));

    ProxyCallers.parse(many.getBytes(US_ASCII), problems);

    assertThat(problems).containsExactly("the file must name at most 256 callers");
  }

  @Test
  @Threat("S-PXY-8")
  void credential_hasOneSpelling() {
    var encoder = Base64.getEncoder();
    String good = encoder.encodeToString(("ci:" + TOKEN).getBytes(US_ASCII));
    assertThat(ProxyCredential.parse("Basic " + good)).isPresent();
    assertThat(ProxyCredential.parse("bASIC " + good)).get().asString().isEqualTo("ProxyCredential[hidden]");

    for (String pair : new String[] {
      "ci:" + TOKEN.substring(1), "ci:" + "x".repeat(257), ":" + TOKEN, "ci" + TOKEN, "CI:" + TOKEN, "c i:" + TOKEN, "ci:" + TOKEN + " ", "ci:" + TOKEN + "\u007f",
      "ci:" + TOKEN + "\n", "-ci:" + TOKEN, "x".repeat(65) + ":" + TOKEN, ""
    }) {
      assertThat(ProxyCredential.parse("Basic " + encoder.encodeToString(pair.getBytes(US_ASCII)))).as(pair).isEmpty();
    }
    for (String header : new String[] {
      "", "Basic", "Basic ", "Basic  " + good, "Basic " + good + " ", "Basic " + good.replace("=", ""), "Basic " + good + "=", "Bearer " + good, "Basic\t" + good,
      "Basic " + good + ", Basic " + good, "Basic " + good.substring(1), "Digest username=\"ci\"", "Basic " + "A".repeat(1 << 10)
    }) {
      assertThat(ProxyCredential.parse(header)).as(header).isEmpty();
    }
    assertThatThrownBy(() -> ProxyCredential.parse("Basic é").orElseThrow()).isInstanceOf(java.util.NoSuchElementException.class);
  }
}
