/// A registry mirror and proxy for programs on this host (design D4, S-PXY-2..11): requests are read by one strict parser and
/// made anew for a configured registry or web server; blobs and large files come through the swarm, the rest from there.
///
/// Event loops carry bytes; each request runs on a virtual thread of its own. Callers are on loopback; those of the
/// configuration show a token, and are let in by one class. What they may have is what the server lets the credentials in
/// their requests have.
@NullMarked
package dev.damselfly.peer.proxy;

import org.jspecify.annotations.NullMarked;
