/// What starting a JVM costs at least.
@NullMarked
package dev.damselfly.bench.empty;

import org.jspecify.annotations.NullMarked;
