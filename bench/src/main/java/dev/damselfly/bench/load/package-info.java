/// Load on a real scheduler: Join streams over mutual TLS from a few identities.
@NullMarked
package dev.damselfly.bench.load;

import org.jspecify.annotations.NullMarked;
