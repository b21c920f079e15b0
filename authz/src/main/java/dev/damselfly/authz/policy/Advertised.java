package dev.damselfly.authz.policy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.identity.Caller;
import java.net.InetAddress;
import java.util.List;

/// Which addresses a caller may claim as its own: the observed one, or one of the configured blocks (S-SCH-10).
///
/// @param admitted blocks for callers behind translation; empty means "observed address only"
public record Advertised(List<Cidr> admitted) {
  public Advertised {
    admitted = List.copyOf(admitted);
  }

  /// Only what we see ourselves counts.
  public static Advertised observedOnly() {
    return new Advertised(List.of());
  }

  boolean mayClaim(Caller caller, String text) {
    InetAddress claimed;
    try {
      claimed = IpLiteral.parse(text);
    } catch (InvalidValue e) {
      return false;
    }
    InetAddress observed = caller.remote().getAddress();
    return claimed.equals(observed) || admitted.stream().anyMatch(block -> block.contains(claimed));
  }
}
