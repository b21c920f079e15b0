/// What is known about content and its pieces: facts of the origin, attested digests, where a piece came from. Immutable values.
@NullMarked
package dev.damselfly.peer.content;

import org.jspecify.annotations.NullMarked;
