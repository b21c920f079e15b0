package dev.damselfly.authz.policy;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;

/// Host and peer ids that an identity may speak for.
///
/// A host id is `<ip>-<hostname>` with `-seed` behind it for seed peers; a peer id has a UUID of version 4 before that
/// mark. Host name and mark come from the SVID, the address from [Advertised]. A legacy caller has no name of its own:
/// its ids are those of its address, never a seed's.
final class OwnIds {
  private static final int MAX_HOST_ID = 320;
  private static final int MAX_PEER_ID = 512;
  private static final String SEED = "-seed";
  private static final int UUID = 36;

  private final Advertised advertised;

  OwnIds(Advertised advertised) {
    this.advertised = advertised;
  }

  boolean ownsHost(Caller caller, String id) {
    return id.length() <= MAX_HOST_ID && hasHost(caller) && ownsPrefix(caller, withoutMark(caller, id));
  }

  boolean ownsPeer(Caller caller, String id) {
    if (id.length() > MAX_PEER_ID || !hasHost(caller)) {
      return false;
    }
    String plain = withoutMark(caller, id);
    int dash = plain.length() - UUID - 1;
    return dash > 0
        && plain.charAt(dash) == '-'
        && isUuid4(plain, dash + 1)
        && ownsPrefix(caller, plain.substring(0, dash));
  }

  /// A normal peer whose name ends in the seed mark could write the id of a seed peer, so it has no host id at all.
  private static boolean hasHost(Caller caller) {
    return switch (caller.role()) {
      case SEED_PEER, LEGACY -> true;
      case PEER -> !caller.name().endsWith(SEED);
      case MANAGER, SCHEDULER, OPERATOR, LOCAL, LOCAL_OPERATOR -> false;
    };
  }

  /// Empty when a seed peer's id lacks the mark: no id has an empty prefix.
  private static String withoutMark(Caller caller, String id) {
    if (caller.role() != Role.SEED_PEER) {
      return id;
    }
    return id.endsWith(SEED) ? id.substring(0, id.length() - SEED.length()) : "";
  }

  private boolean ownsPrefix(Caller caller, String prefix) {
    if (caller.role() == Role.LEGACY) {
      return ownsLegacyPrefix(caller, prefix);
    }
    String tail = "-" + caller.name();
    return prefix.length() > tail.length()
        && prefix.endsWith(tail)
        && advertised.mayClaim(caller, prefix.substring(0, prefix.length() - tail.length()));
  }

  /// No name is proven, so any is taken behind an own address; a seed's mark is not.
  private boolean ownsLegacyPrefix(Caller caller, String prefix) {
    int dash = prefix.indexOf('-');
    return dash > 0
        && dash < prefix.length() - 1
        && !prefix.endsWith(SEED)
        && advertised.mayClaim(caller, prefix.substring(0, dash));
  }

  private static boolean isUuid4(String text, int from) {
    for (int i = 0; i < UUID; i++) {
      char c = text.charAt(from + i);
      boolean ok =
          switch (i) {
            case 8, 13, 18, 23 -> c == '-';
            case 14 -> c == '4';
            case 19 -> c == '8' || c == '9' || c == 'a' || c == 'b';
            default -> c >= '0' && c <= '9' || c >= 'a' && c <= 'f';
          };
      if (!ok) {
        return false;
      }
    }
    return true;
  }
}
