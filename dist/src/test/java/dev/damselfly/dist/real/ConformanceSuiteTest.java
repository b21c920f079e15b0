package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The conformance suite against our own processes, each case with a process of its own.
@Tag("real")
class ConformanceSuiteTest {
  private static final Path ROOT = Path.of(System.getProperty("house.root", "..")).toAbsolutePath().normalize();

  @TempDir Path work;

  @ParameterizedTest
  @ValueSource(strings = {"manager", "scheduler", "peer"})
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void ownProcesses_areHardened(String role) throws Exception {
    var built = new Command(work, Map.of("DAMSELFLY_HOME", work.resolve("h").toString())).run("version");
    assertThat(built.code()).as(built.all()).isZero(); // so that no case waits for a build
    Path out = work.resolve("out.txt");
    var command =
        new ProcessBuilder(
                ROOT.resolve("conformance/dfconf").toString(), "run", "--profile", "hardened-1", "--role", role,
                "--target", ROOT.resolve("conformance/targets/damselfly.yaml").toString(),
                "--output", work.resolve("report").toString(), "--patience", "120", "--jobs", "2", "--quiet")
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());

    Process run = command.start();
    boolean ended = run.waitFor(19, TimeUnit.MINUTES);
    run.destroy();

    assertThat(ended).as(Files.readString(out)).isTrue();
    assertThat(run.exitValue()).as(Files.readString(out)).isZero();
  }
}
