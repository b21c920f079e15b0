package dev.damselfly.authz.egress;

import dev.damselfly.api.error.InvalidValue;
import java.net.InetAddress;
import java.util.Arrays;

/// A block of addresses in canonical spelling: `parse(x).toString()` equals `x` for IPv4, bits below the prefix are zero.
///
/// IPv4 and IPv6 blocks are apart: `::/0` does not contain `127.0.0.1`.
public record Cidr(InetAddress network, int prefix) {
  private static final String RULE = "must be address/prefix with all bits below the prefix zero";

  public Cidr {
    int bits = network.getAddress().length * 8;
    if (prefix < 0 || prefix > bits || !Arrays.equals(masked(network.getAddress(), prefix), network.getAddress())) {
      throw new InvalidValue(RULE);
    }
  }

  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0 || text.length() > 49) {
      throw new InvalidValue(RULE);
    }
    return new Cidr(IpLiteral.parse(text.substring(0, slash)), prefixOf(text.substring(slash + 1)));
  }

  /// The block of exactly one address.
  public static Cidr only(InetAddress address) {
    return new Cidr(IpLiteral.of(address.getAddress()), address.getAddress().length * 8);
  }

  public boolean contains(InetAddress address) {
    byte[] own = network.getAddress();
    byte[] other = address.getAddress();
    return own.length == other.length && Arrays.equals(masked(other, prefix), own);
  }

  /// Whether the block holds one address only: it names that address.
  public boolean isSingle() {
    return prefix == network.getAddress().length * 8;
  }

  private static byte[] masked(byte[] address, int prefix) {
    byte[] out = address.clone();
    for (int i = 0; i < out.length; i++) {
      int keep = Math.clamp(prefix - 8L * i, 0, 8);
      out[i] &= (byte) (0xff00 >> keep);
    }
    return out;
  }

  private static int prefixOf(String text) {
    if (text.isEmpty() || text.length() > 3 || text.length() > 1 && text.charAt(0) == '0') {
      throw new InvalidValue(RULE);
    }
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        throw new InvalidValue(RULE);
      }
      value = value * 10 + (c - '0');
    }
    return value;
  }

  @Override
  public String toString() {
    return IpLiteral.text(network) + "/" + prefix;
  }
}
