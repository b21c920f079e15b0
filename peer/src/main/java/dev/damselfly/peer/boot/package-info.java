/// Configuration and wiring of the peer process. Nobody imports it.
@NullMarked
package dev.damselfly.peer.boot;

import org.jspecify.annotations.NullMarked;
