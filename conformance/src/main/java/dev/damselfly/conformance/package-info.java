/// Vectors for any implementation of the protocol; the files stand under `conformance/vectors`.
@NullMarked
package dev.damselfly.conformance;

import org.jspecify.annotations.NullMarked;
