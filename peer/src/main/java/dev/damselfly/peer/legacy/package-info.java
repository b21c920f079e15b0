/// Content of hosts without an identity, for those who hold its digest (S-LEG-6). Off unless configured. What comes from
/// there is kept in tasks of their own, named by the digest: no session, no swarm and no other caller meets it.
@NullMarked
package dev.damselfly.peer.legacy;

import org.jspecify.annotations.NullMarked;
