/// Frames of the piece protocol: those of Dragonfly ("vortex") and the few of our own ALPN `damselfly-piece/1`.
///
/// Pure functions over [java.nio.ByteBuffer]: decoders read from the position, do not move it, hold no state, accept
/// incomplete input and allocate only for bytes that are there (S-VTX-7, S-VTX-9). What they accept, the encoder
/// writes again byte for byte. A frame that does not decode ends the connection.
@NullMarked
package dev.damselfly.api.wire.vortex;

import org.jspecify.annotations.NullMarked;
