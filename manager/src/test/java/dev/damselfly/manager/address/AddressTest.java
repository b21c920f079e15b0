package dev.damselfly.manager.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.error.InvalidValue;
import java.math.BigInteger;
import java.net.InetAddress;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
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
      strings = {"", "localhost", "010.0.0.1", "0x7f.0.0.1", "127.1", "2130706433", "fe80::1%eth0", "[::1]", "1.2.3.4/8", " 1.2.3.4", "1.2.3.4.5", "::1::", "١.٢.٣.٤"})
  void address_refusesNamesAndOddSpellings(String text) {
    assertThatThrownBy(() -> IpAddress.parse(text)).isInstanceOf(InvalidValue.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "224.0.0.1", "ff02::1"})
  void address_thatNoHostHasIsNotUnicast(String text) {
    assertThat(IpAddress.parse(text).isUnicast()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.1/8", "::/129", "10.0.0.0/8/8", "10.0.0.0/8 "})
  void cidr_refusesWhatIsNotExactlyANetwork(String text) {
    assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(InvalidValue.class);
  }

  @Test
  void cidr_holdsOnlyItsOwnFamily() {
    assertThat(Cidr.parse("0.0.0.0/0").contains(IpAddress.parse("::1"))).isFalse();
    assertThat(Cidr.parse("0.0.0.0/0").contains(IpAddress.parse("::ffff:8.8.8.8"))).isTrue();
    assertThat(Cidr.parse("::/0").contains(IpAddress.parse("8.8.8.8"))).isFalse();
  }

  @Property
  void cidr_holdsWhatSharesItsPrefix(
      @ForAll("addresses") IpAddress network, @ForAll("addresses") IpAddress other, @ForAll @IntRange(max = 32) int prefix)
      throws Exception {
    BigInteger mask = BigInteger.ONE.shiftLeft(32).subtract(BigInteger.ONE).shiftRight(32 - prefix).shiftLeft(32 - prefix);
    var base = new IpAddress(InetAddress.getByAddress(bytes(number(network).and(mask))));

    boolean held = new Cidr(base, prefix).contains(other);

    assertThat(held).isEqualTo(number(other).and(mask).equals(number(base)));
  }

  @Provide
  Arbitrary<IpAddress> addresses() {
    return Arbitraries.longs().between(0, 0xffff_ffffL).map(AddressTest::address);
  }

  private static IpAddress address(long number) {
    return IpAddress.parse(
        (number >> 24) + "." + (number >> 16 & 255) + "." + (number >> 8 & 255) + "." + (number & 255));
  }

  private static BigInteger number(IpAddress address) {
    return new BigInteger(1, address.value().getAddress());
  }

  private static byte[] bytes(BigInteger number) {
    long value = number.longValueExact();
    return new byte[] {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value};
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
