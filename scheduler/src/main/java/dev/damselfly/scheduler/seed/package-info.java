/// Which seed serves a task, and the call that makes it fetch. Answers S-SCH-5 and S-SCH-11.
@NullMarked
package dev.damselfly.scheduler.seed;

import org.jspecify.annotations.NullMarked;
