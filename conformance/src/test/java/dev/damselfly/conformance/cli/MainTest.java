package dev.damselfly.conformance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.damselfly.conformance.reference.Contrarian;
import dev.damselfly.conformance.reference.ReferenceTarget;
import dev.damselfly.conformance.target.Role;
import dev.damselfly.conformance.target.Running;
import dev.damselfly.conformance.target.Target;
import dev.damselfly.conformance.link.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The command line as a user sees it: the program under test runs already, and the target file says where.
class MainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir Path directory;

  private int dfconf(String... words) throws InterruptedException {
    out.reset();
    err.reset();
    return new Main(new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8), directory)
        .run(List.of(words));
  }

  private Running running(Target target) throws IOException, InterruptedException {
    Running manager = target.start(new Target.Start(Role.MANAGER, new Endpoint("127.0.0.1", 1), directory));
    Files.writeString(
        directory.resolve("target.yaml"),
        """
        dfconf: 1
        name: thing
        transport: {mode: plain}
        roles: {manager: {endpoint: "%s"}}
        """
            .formatted(manager.endpoint()));
    return manager;
  }

  private JsonNode result() throws IOException {
    return JsonMapper.builder().build().readTree(directory.resolve("dfconf-report/result.json").toFile());
  }

  @Test
  void run_isZeroWhenTheCasePasses() throws Exception {
    try (Running _ = running(new ReferenceTarget(false, Set.of()))) {
      int code = dfconf("run", "--target", "target.yaml", "--only", "MGR-024/config");

      assertThat(code).as(out.toString(StandardCharsets.UTF_8)).isZero();
      assertThat(result().path("claim").asText()).isEqualTo("conformant");
      assertThat(Files.readString(directory.resolve("dfconf-report/junit.xml"))).contains("tests=\"1\" failures=\"0\"");
      assertThat(Files.readString(directory.resolve("dfconf-report/report.html"))).contains("MGR-024/config", "conformant");
    }
  }

  @Test
  void run_namesBytesAndReplaysAFailure() throws Exception {
    try (Running _ = running(new Contrarian(true, false))) {
      int code = dfconf("run", "--target", "target.yaml", "--only", "MGR-024/config", "--seed", "5");
      String first = out.toString(StandardCharsets.UTF_8);
      int again = dfconf("run", "--target", "target.yaml", "--replay", "dfconf-report/MGR-024_config.jsonl");

      assertThat(code).isEqualTo(1);
      assertThat(first).contains("manager.v2.Manager/UpdateScheduler", "replay   dfconf run --target target.yaml --replay");
      assertThat(again).isEqualTo(1);
      assertThat(result().path("seed").asLong()).isEqualTo(5);
      assertThat(result().path("cases").size()).isEqualTo(1);
    }
  }

  @Test
  void run_toleratesExpectedFailuresAndReportsUnexpectedPasses() throws Exception {
    Files.writeString(directory.resolve("x.yaml"), "- {id: MGR-024/config, reason: not written yet}\n");
    try (Running _ = running(new Contrarian(true, false))) {
      assertThat(dfconf("run", "--target", "target.yaml", "--only", "MGR-024/config", "--expected-failures", "x.yaml")).isZero();
      assertThat(result().path("claim").asText()).isEqualTo("incomplete");
    }
    try (Running _ = running(new ReferenceTarget(false, Set.of()))) {
      assertThat(dfconf("run", "--target", "target.yaml", "--only", "MGR-024/config", "--expected-failures", "x.yaml")).isEqualTo(1);
      assertThat(out.toString(StandardCharsets.UTF_8)).contains("is listed as an expected failure");
    }
  }

  @Test
  void run_isTwoForFilesAndFlagsThatCannotBeUsed() throws Exception {
    try (Running _ = running(new ReferenceTarget(false, Set.of()))) {
      Files.writeString(directory.resolve("x.yaml"), "- {id: NO-SUCH/case, reason: gone}\n");

      assertThat(dfconf("run")).isEqualTo(2);
      assertThat(dfconf("run", "--target", "absent.yaml")).isEqualTo(2);
      assertThat(dfconf("run", "--target", "target.yaml", "--profile", "other")).isEqualTo(2);
      assertThat(dfconf("run", "--target", "target.yaml", "--only", "NO-SUCH")).isEqualTo(2);
      assertThat(dfconf("run", "--target", "target.yaml", "--expected-failures", "x.yaml")).isEqualTo(2);
      assertThat(dfconf("run", "--target", "target.yaml", "--jobs", "0")).isEqualTo(2);
    }
  }

  @Test
  void list_namesTheCasesOfAProfile() throws Exception {
    assertThat(dfconf("--list", "--profile", "hardened-1")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("SEC-027/foreign").doesNotContain("SCH-005/output-path");
    assertThat(dfconf("--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("Exit codes");
  }
}
