package dev.damselfly.peer.download;

/// Where bytes came from, for one caller.
///
/// @param cache held before the caller asked
/// @param legacy from hosts without an identity, proven by the digest of the whole content
public record Sources(long origin, long peers, long cache, long legacy) {
  public static final Sources NONE = new Sources(0, 0, 0, 0);

  public long total() {
    return origin + peers + cache + legacy;
  }

  Sources plus(Sources other) {
    return new Sources(origin + other.origin, peers + other.peers, cache + other.cache, legacy + other.legacy);
  }

  Sources minus(Sources other) {
    return new Sources(origin - other.origin, peers - other.peers, cache - other.cache, legacy - other.legacy);
  }
}
