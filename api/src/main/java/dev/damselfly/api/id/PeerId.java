package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.url.IpLiteral;
import java.util.UUID;
import java.util.random.RandomGenerator;

/// Name of one download on one host: printable ASCII without spaces, at most 512 bytes (B-27).
///
/// A claim until it was compared with the identity of the caller, see [#embeds].
public record PeerId(String value) {
  public static final int MAX_LENGTH = 512;
  static final String SEED = "-seed";
  private static final int UUID_LENGTH = 36;

  public PeerId {
    PrintableAscii.require(value, MAX_LENGTH);
  }

  /// A new id, `ip-hostname-uuid`, with `-seed` behind it for a seed peer.
  ///
  /// @param random decides the UUID; ids are unique, not secret
  /// @throws InvalidValue when a part breaks its rule
  public static PeerId random(String ip, String hostname, boolean seed, RandomGenerator random) {
    long high = random.nextLong() & ~0xf000L | 0x4000L; // version 4
    long low = random.nextLong() & ~(3L << 62) | 1L << 63; // variant of RFC 9562
    return of(ip, hostname, seed, new UUID(high, low));
  }

  static PeerId of(String ip, String hostname, boolean seed, UUID uuid) {
    return new PeerId(HostId.prefix(ip, hostname) + "-" + uuid + (seed ? SEED : ""));
  }

  /// The id has exactly the form that a peer of this host name makes: an address, the name, a UUID, and `-seed`
  /// if and only if `seed`.
  public boolean embeds(String hostname, boolean seed) {
    if (!seed) {
      return embedsPlain(value, hostname);
    }
    return value.endsWith(SEED) && embedsPlain(value.substring(0, value.length() - SEED.length()), hostname);
  }

  private static boolean embedsPlain(String text, String hostname) {
    int dash = text.length() - UUID_LENGTH - 1;
    int name = dash - hostname.length() - 1;
    return name > 0
        && isUuid(text, dash + 1)
        && text.charAt(dash) == '-'
        && text.startsWith(hostname, name + 1)
        && text.charAt(name) == '-'
        && IpLiteral.isValid(text.substring(0, name));
  }

  private static boolean isUuid(String text, int from) {
    for (int i = 0; i < UUID_LENGTH; i++) {
      char c = text.charAt(from + i);
      boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
      boolean hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      if (dash ? c != '-' : !hex) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return value;
  }
}
