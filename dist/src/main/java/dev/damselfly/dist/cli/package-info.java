/// The command line. Loads no gRPC and no Netty: a warm `get` of a small file must feel instant (D15).
///
/// One thread, plus one that ends the part file when the process is interrupted.
@NullMarked
package dev.damselfly.dist.cli;

import org.jspecify.annotations.NullMarked;
