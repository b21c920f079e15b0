package dev.damselfly.api.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.error.InvalidValue;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class PieceNumberTest {
  @Test
  void constructor_takesBothEndsOfTheRange() {
    assertThat(new PieceNumber(0).value()).isZero();
    assertThat(new PieceNumber(PieceNumber.MAX - 1).value()).isEqualTo(PieceNumber.MAX - 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, PieceNumber.MAX, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void fromUint32_refusesWhatIsOutside(int wire) {
    assertThatThrownBy(() -> PieceNumber.fromUint32(wire)).isInstanceOf(InvalidValue.class);
  }
}
