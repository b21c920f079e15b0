/// Which peer may serve which: pure functions over a snapshot, random source injected. Answers S-SCH-7.
@NullMarked
package dev.damselfly.scheduler.parent;

import org.jspecify.annotations.NullMarked;
