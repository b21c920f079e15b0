/// The peer process.
@NullMarked
package dev.damselfly.peer;

import org.jspecify.annotations.NullMarked;
