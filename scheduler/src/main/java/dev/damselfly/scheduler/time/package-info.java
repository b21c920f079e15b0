/// The seam to time: everything that waits does it here, so that tests and simulations turn the clock by hand.
@NullMarked
package dev.damselfly.scheduler.time;

import org.jspecify.annotations.NullMarked;
