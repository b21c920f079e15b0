/// The local API on a Unix socket: callers are known by the uid that the kernel reports.
@NullMarked
package dev.damselfly.peer.control;

import org.jspecify.annotations.NullMarked;
