package dev.damselfly.authz.legacy;

import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// Takes a connection without TLS for the legacy caller of its address: one identity per observed address, so that
/// limits and ownership are per address. Immutable.
///
/// The ids are `spiffe://<trust-domain>/damselfly/legacy/<address>`. No certificate can carry one of them in: the role
/// template does not know the form, so the verifier refuses it.
public final class LegacyCallers {
  private static final List<String> PREFIX = List.of("damselfly", "legacy");

  private final Place place;
  private final List<Cidr> allowFrom;

  /// Where the process that listens belongs, and so its legacy callers.
  ///
  /// @param cluster segment of SPIFFE IDs; the one cluster that the listener serves
  public record Place(TrustDomain trustDomain, String cluster) {}

  public LegacyCallers(Place place, List<Cidr> allowFrom) {
    this.place = place;
    this.allowFrom = List.copyOf(allowFrom);
  }

  /// The caller behind the observed address; absent when no block admits it.
  public Optional<Caller> admit(InetSocketAddress remote) {
    InetAddress address = remote.getAddress();
    if (address == null || allowFrom.stream().noneMatch(block -> block.contains(address))) {
      return Optional.empty();
    }
    String name = segment(address);
    var id = new SpiffeId(place.trustDomain(), List.of(PREFIX.get(0), PREFIX.get(1), name));
    return Optional.of(new Caller(id, Role.LEGACY, Optional.of(place.cluster()), name, Instant.MAX, remote));
  }

  /// Whether an actor of the audit log, or any SPIFFE ID as text, is a legacy caller's.
  static boolean isLegacy(String id) {
    int slash = id.startsWith("spiffe://") ? id.indexOf('/', "spiffe://".length()) : -1;
    return slash >= 0 && id.startsWith("/damselfly/legacy/", slash);
  }

  /// IPv4 dotted, IPv6 as 32 hex digits: colons are not for SPIFFE IDs.
  private static String segment(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == 4 ? address.getHostAddress() : HexFormat.of().formatHex(bytes);
  }
}
