/// Tasks and peers: both state machines as tables, the graph, the tuple a task id is bound to.
///
/// One lock per task guards the graph, the peers and the counters; nothing is called out while it is held.
/// Answers S-SCH-2, S-SCH-3, S-SCH-6, S-SCH-8.
@NullMarked
package dev.damselfly.scheduler.task;

import org.jspecify.annotations.NullMarked;
