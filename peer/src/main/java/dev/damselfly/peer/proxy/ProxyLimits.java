package dev.damselfly.peer.proxy;

import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import java.time.Duration;

/// Bounds of the mirror (B-25).
///
/// @param headTime from the first byte of a head to its last
/// @param idle a connection without a request
/// @param stall a caller that takes nothing
/// @param connections at once
/// @param requests at work at once
/// @param unknownCallers refusals at the door that are recorded each second
/// @param maxBody bytes of a manifest or listing (B-22)
record ProxyLimits(
    HeadLimits head,
    Duration headTime,
    Duration idle,
    Duration stall,
    int connections,
    int requests,
    int unknownCallers,
    int maxBody) {
  static ProxyLimits of(Limits limits) {
    return new ProxyLimits(
        HeadLimits.of(limits),
        limits.time(Bound.PROXY_HEAD_TIME),
        limits.time(Bound.PROXY_IDLE),
        limits.time(Bound.PROXY_STALL),
        limits.count(Bound.PROXY_CONNECTIONS),
        limits.count(Bound.PROXY_REQUESTS),
        limits.count(Bound.PROXY_UNKNOWN_CALLERS),
        limits.count(Bound.OCI_MANIFEST));
  }
}
