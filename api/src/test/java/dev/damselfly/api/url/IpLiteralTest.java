package dev.damselfly.api.url;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class IpLiteralTest {
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "255.255.255.255", "10.0.0.1", "::", "::1", "2001:db8::1", "::ffff:1.2.3.4"})
  void isValid_takesAddresses(String text) {
    assertThat(IpLiteral.isValid(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1..3.4", "1.2.3.", ".1.2.3", "0x1.2.3.4",
        "[::1]", "::1%eth0", "::g", "1:2", ":::", "host", "1.2.3.4 ", "１.2.3.4", "1:2:3:4:5:6:7:8:9"})
  void isValid_refusesTheRest(String text) {
    assertThat(IpLiteral.isValid(text)).isFalse();
  }
}
