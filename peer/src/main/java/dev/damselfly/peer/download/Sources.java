package dev.damselfly.peer.download;

/// Where bytes came from, for one caller.
///
/// @param cache held before the caller asked
public record Sources(long origin, long peers, long cache) {
  public static final Sources NONE = new Sources(0, 0, 0);

  public long total() {
    return origin + peers + cache;
  }

  Sources plus(Sources other) {
    return new Sources(origin + other.origin, peers + other.peers, cache + other.cache);
  }

  Sources minus(Sources other) {
    return new Sources(origin - other.origin, peers - other.peers, cache - other.cache);
  }
}
