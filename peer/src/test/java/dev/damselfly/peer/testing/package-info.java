/// Material of piece transfer tests: hosts with identities, stores and listeners, grants, and raw wires to misbehave on.
@NullMarked
package dev.damselfly.peer.testing;

import org.jspecify.annotations.NullMarked;
