/// A registry mirror for programs on this host (design D4, S-PXY-2..11): requests are read by one strict parser and made
/// anew for a configured registry; blobs come through the swarm, everything else straight from the registry.
///
/// Event loops carry bytes; each request runs on a virtual thread of its own. Callers are on loopback and have no identity:
/// what they may have is what the registry lets the credentials in their requests have.
@NullMarked
package dev.damselfly.peer.proxy;

import org.jspecify.annotations.NullMarked;
