/// The swarm of Damselfly peers: attested pieces, origin leases, mesh parents, signed grants.
///
/// One lock per swarm; events are queued under it and written after it is released. Nothing waits for a timer
/// except the deadline of a silent lease. Answers S-SCH-2, S-SCH-5, S-SCH-7, F-44, F-45.
@NullMarked
package dev.damselfly.scheduler.swarm;

import org.jspecify.annotations.NullMarked;
