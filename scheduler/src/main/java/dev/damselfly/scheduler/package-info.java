/// The scheduler process.
@NullMarked
package dev.damselfly.scheduler;

import org.jspecify.annotations.NullMarked;
