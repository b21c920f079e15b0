/// Whether a download may start, by the block list of this host's cluster (S-BLK-1, S-BLK-2, S-BLK-3). The thread that
/// asks the manager brings lists, callers of downloads ask on their own threads.
@NullMarked
package dev.damselfly.peer.block;

import org.jspecify.annotations.NullMarked;
