/// The way out of a stream: ordered, bounded, one writer at a time (B-45).
@NullMarked
package dev.damselfly.scheduler.stream;

import org.jspecify.annotations.NullMarked;
