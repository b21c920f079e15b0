package dev.damselfly.dist.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NullMarked
class MirroredRegistryTest {
  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "docker.io | https://registry-1.docker.io | [https://auth.docker.io]",
    "docker.io=https://cache.test | https://cache.test | []",
    "ghcr.io | https://ghcr.io | []",
    "reg.test:5000 | https://reg.test:5000 | []",
    "reg.test=http://127.0.0.1:5000 | http://127.0.0.1:5000 | []"
  })
  void registry_isAskedWhereItUsuallyServes_andSoAreItsTokenServices(String text, String origin, String realms) {
    var registry = MirroredRegistry.of(text);

    assertThat(registry.origin()).hasToString(origin);
    assertThat(registry.realms()).hasToString(realms);
  }
}
