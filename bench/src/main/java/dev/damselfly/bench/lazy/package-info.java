/// Makes a Nydus image, and reads one through a peer's mirror as `nydus mount` does.
@NullMarked
package dev.damselfly.bench.lazy;

import org.jspecify.annotations.NullMarked;
