/// Chunks of a checked image: where their bytes are in the blob, how they are decoded within exact bounds, and the
/// proof that they are what the bootstrap says.
///
/// Bytes from a blob come in, [VerifiedChunk] comes out, and nothing in between can be read (S-NYD-2, S-NYD-4). No
/// I/O, no threads; the native zstd decoder sees only frames whose structure and sizes were checked here.
@NullMarked
package dev.damselfly.nydus.chunk;

import org.jspecify.annotations.NullMarked;
