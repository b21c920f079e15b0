/// HTTP and HTTPS origins behind the egress gate: facts of a resource, and its bytes pinned to those facts (D6, S-ORG-6, S-ORG-8).
@NullMarked
package dev.damselfly.peer.origin;

import org.jspecify.annotations.NullMarked;
