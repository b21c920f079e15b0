/// Piece connections to parents: TLS 1.3, ALPN damselfly-piece/1, the grant first, then many requests in flight (D13). Event loops carry bytes; hashing and files run beside them.
@NullMarked
package dev.damselfly.peer.transfer;

import org.jspecify.annotations.NullMarked;
