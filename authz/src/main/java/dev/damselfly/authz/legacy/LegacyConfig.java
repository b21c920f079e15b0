package dev.damselfly.authz.legacy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.egress.IpLiteral;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/// A listener for programs of the v2 API that have no identity (D1). Immutable.
///
/// It is off unless its section is written. There is no way to admit everybody: without `allow-from` only loopback may
/// call, and a block is at most an IPv4 /8 or an IPv6 /32.
///
/// @param listen a literal address of its own; port 0 takes a free one
/// @param allowFrom blocks whose addresses may connect; never empty
/// @param advertiseWithin blocks in which a caller may claim an address that is not the observed one
/// @param tls present when it speaks TLS and nothing else
public record LegacyConfig(
    InetSocketAddress listen, List<Cidr> allowFrom, List<Cidr> advertiseWithin, Optional<LegacyCertificates> tls) {
  private static final String KEY = "legacy";
  private static final int MAX_BLOCKS = 256;
  private static final int WIDEST_4 = 8;
  private static final int WIDEST_6 = 32;
  private static final List<Cidr> LOOPBACK = List.of(Cidr.parse("127.0.0.0/8"), Cidr.parse("::1/128"));
  private static final InetSocketAddress NOWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /// @throws InvalidValue when the listener is not on loopback and admits no named block
  public LegacyConfig {
    if (allowFrom.isEmpty()) {
      if (!listen.getAddress().isLoopbackAddress()) {
        throw new InvalidValue("must name at least one block unless the listener is on loopback");
      }
      allowFrom = LOOPBACK;
    }
    allowFrom = List.copyOf(allowFrom);
    advertiseWithin = List.copyOf(advertiseWithin);
  }

  /// A listener without TLS.
  public LegacyConfig(InetSocketAddress listen, List<Cidr> allowFrom, List<Cidr> advertiseWithin) {
    this(listen, allowFrom, advertiseWithin, Optional.empty());
  }

  /// The section `legacy` of a role's section; absent when it is not written. Notes problems in the reader.
  ///
  /// @param dialled the address that callers are told
  public static Optional<LegacyConfig> read(ConfigReader role, InetAddress dialled) {
    return role.has(KEY) ? Optional.of(section(role.section(KEY), dialled)) : Optional.empty();
  }

  /// A listener whose section has been found already, for example with keys of its role beside these.
  ///
  /// @param dialled the address that callers are told
  public static LegacyConfig section(ConfigReader legacy, InetAddress dialled) {
    boolean secured = legacy.has("tls");
    return read(legacy, secured ? LegacyCertificates.read(legacy.section("tls"), dialled) : Optional.empty());
  }

  /// The same for one that never speaks TLS.
  public static LegacyConfig section(ConfigReader legacy) {
    return read(legacy, Optional.empty());
  }

  private static LegacyConfig read(ConfigReader legacy, Optional<LegacyCertificates> tls) {
    var listen = legacy.value("listen", LegacyConfig::address, NOWHERE);
    var allowed = legacy.list("allow-from", MAX_BLOCKS, LegacyConfig::block);
    var within = legacy.list("advertise-within", MAX_BLOCKS, LegacyConfig::block);
    try {
      return new LegacyConfig(listen, allowed, within, tls);
    } catch (InvalidValue e) {
      legacy.problem("allow-from", e.rule());
      return new LegacyConfig(NOWHERE, List.of(), List.of());
    }
  }

  /// A block of addresses of such programs.
  ///
  /// @throws InvalidValue for one wider than an IPv4 /8 or an IPv6 /32
  public static Cidr block(String text) {
    Cidr block = Cidr.parse(text);
    int widest = block.network().getAddress().length == 4 ? WIDEST_4 : WIDEST_6;
    if (block.prefix() < widest) {
      throw new InvalidValue("must be a block no wider than an IPv4 /8 or an IPv6 /32");
    }
    return block;
  }

  /// `address:port` with a literal address, an IPv6 one in brackets: what a name stands for could change.
  ///
  /// @throws InvalidValue for any other text
  public static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (colon < 1 || !port.matches("0|[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65_535) {
      throw new InvalidValue("must be address:port");
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    return new InetSocketAddress(
        IpLiteral.parse(bracketed ? host.substring(1, host.length() - 1) : host), Integer.parseInt(port));
  }
}
