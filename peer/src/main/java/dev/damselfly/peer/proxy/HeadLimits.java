package dev.damselfly.peer.proxy;

import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;

/// Bounds of one request head (B-23, B-25).
///
/// @param head bytes of everything up to the empty line
/// @param headers number of header lines
/// @param header bytes of one header line
/// @param target bytes of the request target
record HeadLimits(int head, int headers, int header, int target) {
  static HeadLimits of(Limits limits) {
    return new HeadLimits(
        limits.count(Bound.PROXY_HEAD),
        limits.count(Bound.PROXY_HEADERS),
        limits.count(Bound.PROXY_HEADER),
        limits.count(Bound.URL));
  }
}
