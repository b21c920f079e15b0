/// The local gRPC service of the v2 API on a Unix socket, for the tools that speak it (S-TLS-1..4). Off unless it is
/// configured. Who calls is the kernel's word; who may name an output path, and where, is written down here.
///
/// A call runs on a virtual thread of its own; what a session tells it never waits for a caller.
@NullMarked
package dev.damselfly.peer.tools;

import org.jspecify.annotations.NullMarked;
