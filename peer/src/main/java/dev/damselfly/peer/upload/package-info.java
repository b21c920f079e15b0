/// Serves pieces to children that hold a grant, and the remote gRPC service of a peer.
@NullMarked
package dev.damselfly.peer.upload;

import org.jspecify.annotations.NullMarked;
