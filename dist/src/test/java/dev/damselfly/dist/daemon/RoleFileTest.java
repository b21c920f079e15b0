package dev.damselfly.dist.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.config.ConfigProblems;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class RoleFileTest {
  private static final Path CONF = Path.of(System.getProperty("house.root", ".."), "dist", "conf");

  @ParameterizedTest
  @ValueSource(strings = {"manager", "scheduler", "peer"})
  void exampleFile_isGood(String role) throws Exception {
    RoleFile file = RoleFile.read(role, Files.readAllBytes(CONF.resolve(role + ".yaml")), "");

    assertThat(file.trustDomain().name()).isEqualTo("example.org");
  }

  @Test
  @Threat("TOB-16")
  void everyProblem_isReportedAtOnce_withItsKey() {
    String yaml =
        """
        identity: {trust-domain: Example, workload-api: "tcp://1.2.3.4:1"}
        scheduler: {listen: "nowhere", manager: "m:1", lease: 1, origin: {pieces-per-lease: 0}}
        """;

    var problems = problems("scheduler", yaml);

    assertThat(problems.problems())
        .anyMatch(text -> text.startsWith("identity.trust-domain: "))
        .anyMatch(text -> text.startsWith("identity.workload-api: "))
        .anyMatch(text -> text.startsWith("audit.log, keys: "))
        .anyMatch(text -> text.startsWith("scheduler.listen: "))
        .anyMatch(text -> text.startsWith("scheduler.origin.pieces-per-lease: "))
        .anyMatch(text -> text.equals("scheduler.lease: unknown key"));
  }

  @ParameterizedTest
  @Threat({"TOB-16", "F-50"})
  @ValueSource(strings = {"a: 1\na: 2\n", "a: [1\n", "- 1\n", "a: &x {b: *x}\n"})
  void brokenYaml_isRefused(String yaml) {
    assertThat(problems("peer", yaml).problems()).isNotEmpty();
  }

  private static ConfigProblems problems(String role, String yaml) {
    return catchThrowableOfType(ConfigProblems.class, () -> RoleFile.read(role, yaml.getBytes(StandardCharsets.UTF_8), ""));
  }
}
