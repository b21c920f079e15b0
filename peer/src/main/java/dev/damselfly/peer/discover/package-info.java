/// Which schedulers there are (from the manager), which one owns a task, and announcing this host to all of them.
@NullMarked
package dev.damselfly.peer.discover;

import org.jspecify.annotations.NullMarked;
