/// Removes peers, tasks, swarms and hosts that nobody refreshes; driven by the injected clock.
@NullMarked
package dev.damselfly.scheduler.gc;

import org.jspecify.annotations.NullMarked;
