package dev.damselfly.authz.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One text, one address: what another parser could read differently is no literal.
@NullMarked
@Threat({"TOB-2", "TOB-10"})
class IpLiteralTest {
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "10.20.30.40", "255.255.255.255", "2001:db8:0:0:0:0:0:1", "0:0:0:0:0:0:0:1"})
  void parse_takesStrictLiterals_andTheirTextIsTheSame(String text) {
    assertThat(IpLiteral.text(IpLiteral.parse(text))).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "010.0.0.1", "10.0.0.01", "00.0.0.0", "0x7f.0.0.1", "127.1", "2130706433", "1.2.3", "1.2.3.4.5", "1.2.3.",
        "1.2.3.256", "1.2.3.+4", "1.2.3.-4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.٤", "localhost", ":", "::1%lo", "[::1]",
        "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::00001", "::g", "::1.2.3", "::01.2.3.4",
        "1.2.3.4::"
      })
  void parse_refusesEveryOtherSpelling(String text) {
    assertThatThrownBy(() -> IpLiteral.parse(text)).isInstanceOf(InvalidValue.class);
  }
}
