/// The consistent hash ring on which peers, schedulers and tools agree without talking to each other.
@NullMarked
package dev.damselfly.api.ring;

import org.jspecify.annotations.NullMarked;
