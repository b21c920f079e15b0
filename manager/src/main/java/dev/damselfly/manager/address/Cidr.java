package dev.damselfly.manager.address;

import dev.damselfly.api.error.InvalidValue;
import java.net.InetAddress;

/// A network, `address/prefix`, without bits beyond the prefix.
///
/// @param prefix leading bits that all members share
public record Cidr(IpAddress base, int prefix) {
  public Cidr {
    byte[] bytes = base.value().getAddress();
    if (prefix < 0 || prefix > bytes.length * 8) {
      throw new InvalidValue("the prefix must be in [0, 32], or [0, 128] for IPv6");
    }
    for (int bit = prefix; bit < bytes.length * 8; bit++) {
      if (bit(bytes, bit)) {
        throw new InvalidValue("the address must have no bits beyond the prefix");
      }
    }
  }

  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    if (text.length() > 49 || slash < 0) {
      throw new InvalidValue("must be address/prefix");
    }
    return new Cidr(IpAddress.parse(text.substring(0, slash)), prefix(text.substring(slash + 1)));
  }

  private static int prefix(String text) {
    boolean digits = !text.isEmpty() && text.length() <= 3 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!digits || text.length() > 1 && text.charAt(0) == '0') {
      throw new InvalidValue("must be address/prefix");
    }
    return Integer.parseInt(text);
  }

  /// Members have the same family; IPv4-mapped addresses are IPv4.
  public boolean contains(IpAddress address) {
    InetAddress member = address.value();
    byte[] own = base.value().getAddress();
    byte[] other = member.getAddress();
    if (own.length != other.length) {
      return false;
    }
    for (int bit = 0; bit < prefix; bit++) {
      if (bit(own, bit) != bit(other, bit)) {
        return false;
      }
    }
    return true;
  }

  private static boolean bit(byte[] bytes, int index) {
    return (bytes[index / 8] >> (7 - index % 8) & 1) == 1;
  }

  @Override
  public String toString() {
    return base + "/" + prefix;
  }
}
