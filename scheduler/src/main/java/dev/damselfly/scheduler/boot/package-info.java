/// Configuration, wiring, policy table and life cycle of the scheduler process. Nobody imports boot.
@NullMarked
package dev.damselfly.scheduler.boot;

import org.jspecify.annotations.NullMarked;
