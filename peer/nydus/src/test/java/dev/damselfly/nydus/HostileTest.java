package dev.damselfly.nydus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each hostile image gets its code and the byte offset of the field at fault, before any content is asked for.
@Threat("S-NYD-1")
class HostileTest {
  static Stream<Hostile> all() {
    return Hostile.all().stream();
  }

  @Test
  void catalogue_isWhole() {
    List<Hostile> all = Hostile.all();

    assertThat(all).hasSize(194);
    assertThat(all.stream().filter(h -> h.expect().equals("reject"))).hasSizeGreaterThan(140);
  }

  @ParameterizedTest
  @MethodSource("all")
  void bootstrap_isRefusedWithCodeAndOffset(Hostile hostile) {
    assertThat(answer(hostile)).isEqualTo(hostile.found());

    switch (hostile.expect()) {
      case "reject" -> {
        String code = hostile.found().replaceAll(" .*", "");
        assertThat(code.equals(hostile.code()) == hostile.because().isEmpty()).as("documented code, or why not")
            .isTrue();
        assertThat(code).isNotEmpty();
      }
      case "chunk" -> assertThat(hostile.found()).isEmpty();
      default -> assertThat(hostile.expect()).isEqualTo("same");
    }
  }

  private static String answer(Hostile hostile) {
    try {
      var image = hostile.image().read();
      assertThat(Paths.of(image)).isNotEmpty();
      return "";
    } catch (RafsRefused refused) {
      return refused.code() + " at " + refused.offset();
    }
  }
}
