/// Membership in the swarm of a task at its scheduler: attested digests, leases, parents, as they happen.
@NullMarked
package dev.damselfly.peer.swarm;

import org.jspecify.annotations.NullMarked;
