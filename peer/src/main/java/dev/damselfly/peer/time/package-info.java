/// Deadlines as events: whoever waits asks the one timer to be told, and never sleeps.
@NullMarked
package dev.damselfly.peer.time;

import org.jspecify.annotations.NullMarked;
