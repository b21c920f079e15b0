/// Hosts as announced by their own identity, and the upload load derived from edges of all tasks.
///
/// Answers S-SCH-1 (role and id come from the SVID) and S-SCH-10 (one address per identity).
@NullMarked
package dev.damselfly.scheduler.host;

import org.jspecify.annotations.NullMarked;
