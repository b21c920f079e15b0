package dev.damselfly.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every build runs every target on its seeds, on seeds with bytes changed, and on past findings.
class ReplayTest {
  private static final Path HOSTILE = Path.of(System.getProperty("house.root", ".."), "fuzz", "hostile");

  static Stream<Target> targets() {
    return Targets.all().stream();
  }

  @ParameterizedTest
  @MethodSource("targets")
  void seeds_andChangedSeeds_findNothing(Target target) {
    List<byte[]> seeds = target.seeds();
    assertThat(seeds.size()).isGreaterThanOrEqualTo(30);
    var random = new Random(20261101);
    for (byte[] seed : seeds) {
      target.run(seed);
      for (int i = 0; i < target.changesPerSeed() && seed.length > 0; i++) {
        byte[] changed = seed.clone();
        changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
        target.run(changed);
      }
    }
  }

  @Test
  void hostileInputs_findNothing() throws IOException {
    if (!Files.isDirectory(HOSTILE)) {
      return;
    }
    for (Target target : Targets.all()) {
      Path folder = HOSTILE.resolve(target.name());
      if (Files.isDirectory(folder)) {
        try (var files = Files.walk(folder)) {
          for (Path file : files.filter(Files::isRegularFile).toList()) {
            target.run(Files.readAllBytes(file));
          }
        }
      }
    }
  }
}
