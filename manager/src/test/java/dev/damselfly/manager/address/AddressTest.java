package dev.damselfly.manager.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.error.InvalidValue;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class AddressTest {
  @Test
  void address_hasOneValueForAllSpellings() {
    assertThat(IpAddress.parse("::ffff:10.0.0.1")).isEqualTo(IpAddress.parse("10.0.0.1"));
    assertThat(IpAddress.parse("2001:DB8:0:0:0:0:0:1")).hasToString("2001:db8::1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "localhost", "010.0.0.1", "0x7f.0.0.1", "127.1", "2130706433", "fe80::1%eth0", "[::1]", "1.2.3.4/8",
        " 1.2.3.4", "1.2.3.4.5", "::1::", "١.٢.٣.٤"
      })
  void address_refusesNamesAndOddSpellings(String text) {
    assertThatThrownBy(() -> IpAddress.parse(text)).isInstanceOf(InvalidValue.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "224.0.0.1", "ff02::1"})
  void address_thatNoHostHasIsNotUnicast(String text) {
    assertThat(IpAddress.parse(text).isUnicast()).isFalse();
  }

  @Test
  void hostName_hasOneKeyForAllSpellings() {
    assertThat(new HostName("Scheduler-A.").key()).isEqualTo(new HostName("scheduler-a").key());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "a..b", "-a", "a-", "a_b", "a b", "ä", "a/b", "a\0"})
  void hostName_refusesWhatDnsRefuses(String text) {
    assertThatThrownBy(() -> new HostName(text)).isInstanceOf(InvalidValue.class);
  }

  @Test
  void hostName_isBounded() {
    String label = "a".repeat(63);
    String most = label + "." + label + "." + label + "." + "a".repeat(61);

    assertThat(new HostName(most).value()).hasSize(253);
    assertThatThrownBy(() -> new HostName("a" + most)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new HostName(label + "a")).isInstanceOf(InvalidValue.class);
  }
}
