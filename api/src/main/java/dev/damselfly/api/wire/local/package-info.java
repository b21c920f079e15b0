/// Framing between the command line and the daemon of one machine: a pure codec, no I/O.
@NullMarked
package dev.damselfly.api.wire.local;

import org.jspecify.annotations.NullMarked;
