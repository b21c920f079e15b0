package dev.damselfly.authz.egress;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/// What kind of address this is, judged by its normal form: an IPv4 address in any IPv6 dress counts as the IPv4 address.
enum AddressClass {
  /// Routable on the internet.
  PUBLIC("public"),
  /// A metadata service of a cloud: allowed only when this very address is named.
  METADATA("metadata service"),
  LOOPBACK("loopback"),
  PRIVATE("private"),
  LINK_LOCAL("link-local"),
  /// Multicast, unspecified, broadcast, documentation, benchmark, reserved.
  SPECIAL("special-purpose");

  private static final List<InetAddress> METADATA_SERVICES =
      List.of(
          IpLiteral.parse("169.254.169.254"), IpLiteral.parse("100.100.100.200"), IpLiteral.parse("168.63.129.16"),
          IpLiteral.parse("fd00:ec2::254"));
  private static final List<Cidr> LOOPBACKS = List.of(Cidr.parse("127.0.0.0/8"), Cidr.parse("::1/128"));
  private static final List<Cidr> PRIVATES =
      List.of(
          Cidr.parse("10.0.0.0/8"), Cidr.parse("172.16.0.0/12"), Cidr.parse("192.168.0.0/16"), Cidr.parse("100.64.0.0/10"),
          Cidr.parse("fc00::/7"), Cidr.parse("fec0::/10"));
  private static final List<Cidr> LINK_LOCALS = List.of(Cidr.parse("169.254.0.0/16"), Cidr.parse("fe80::/10"));
  private static final List<Cidr> SPECIALS =
      List.of(
          Cidr.parse("0.0.0.0/8"), Cidr.parse("192.0.0.0/24"), Cidr.parse("192.0.2.0/24"), Cidr.parse("192.88.99.0/24"),
          Cidr.parse("198.18.0.0/15"), Cidr.parse("198.51.100.0/24"), Cidr.parse("203.0.113.0/24"), Cidr.parse("224.0.0.0/4"),
          Cidr.parse("240.0.0.0/4"), Cidr.parse("::/96"), Cidr.parse("100::/64"), Cidr.parse("2001::/23"),
          Cidr.parse("2001:db8::/32"), Cidr.parse("3fff::/20"), Cidr.parse("5f00::/16"), Cidr.parse("ff00::/8"));

  private static final Cidr IPV4_OF_ALL = Cidr.parse("64:ff9b::/96");

  private final String text;

  AddressClass(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }

  static AddressClass of(InetAddress address) {
    InetAddress normal = normal(address);
    if (METADATA_SERVICES.contains(normal)) {
      return METADATA;
    }
    if (in(LOOPBACKS, normal)) {
      return LOOPBACK;
    }
    if (in(LINK_LOCALS, normal)) {
      return LINK_LOCAL;
    }
    if (in(PRIVATES, normal)) {
      return PRIVATE;
    }
    return in(SPECIALS, normal) || isUnassigned(address.getAddress()) ? SPECIAL : PUBLIC;
  }

  /// Only 2000::/3 is global unicast (RFC 4291 2.4), and 64:ff9b::/96 stands for all of IPv4 (RFC 6052 2.1). What lies
  /// outside was never handed out, or is for use inside a site, whatever IPv4 address it carries.
  private static boolean isUnassigned(byte[] address) {
    return address.length == 16 && (address[0] & 0xe0) != 0x20 && !IPV4_OF_ALL.contains(IpLiteral.of(address));
  }

  private static boolean in(List<Cidr> blocks, InetAddress address) {
    return blocks.stream().anyMatch(block -> block.contains(address));
  }

  /// Unwraps IPv4 from mapped, translated, compatible, NAT64, 6to4 and Teredo addresses (RFC 4291, 6052, 3056, 4380).
  static InetAddress normal(InetAddress address) {
    byte[] b = address.getAddress();
    if (b.length == 4) {
      return address;
    }
    if (zero(b, 0, 10) && b[10] == -1 && b[11] == -1) {
      return v4(b, 12); // ::ffff:a.b.c.d
    }
    if (zero(b, 0, 8) && b[8] == -1 && b[9] == -1 && zero(b, 10, 12)) {
      return v4(b, 12); // ::ffff:0:a.b.c.d
    }
    if (zero(b, 0, 12) && !zero(b, 12, 15)) {
      return v4(b, 12); // ::a.b.c.d
    }
    if (b[0] == 0 && b[1] == 0x64 && b[2] == (byte) 0xff && b[3] == (byte) 0x9b) {
      return v4(b, 12); // 64:ff9b::/96 and its local-use neighbour 64:ff9b:1::/48
    }
    if (b[0] == 0x20 && b[1] == 0x02) {
      return v4(b, 2); // 2002::/16
    }
    if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0) {
      byte[] client = Arrays.copyOfRange(b, 12, 16);
      for (int i = 0; i < 4; i++) {
        client[i] ^= (byte) 0xff; // Teredo stores the client's address inverted
      }
      return IpLiteral.of(client);
    }
    return IpLiteral.of(b); // drops a zone
  }

  private static boolean zero(byte[] b, int from, int to) {
    for (int i = from; i < to; i++) {
      if (b[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private static InetAddress v4(byte[] b, int from) {
    return IpLiteral.of(Arrays.copyOfRange(b, from, from + 4));
  }
}
