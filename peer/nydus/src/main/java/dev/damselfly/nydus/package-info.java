/// RAFS images (versions 5 and 6): a strict reader of their metadata.
///
/// [Bootstrap] checks the whole of a bootstrap once, iteratively and in bounded time, and answers with an [Image] or
/// with [RafsRefused]. What is not listed in the format is refused. The caller owns the memory and must not let
/// anybody change it. No I/O, no threads, no logging. Answers S-NYD-1.
@NullMarked
package dev.damselfly.nydus;

import org.jspecify.annotations.NullMarked;
