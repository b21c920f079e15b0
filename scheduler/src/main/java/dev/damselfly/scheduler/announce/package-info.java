/// The AnnouncePeer stream of v2 peers: registration, scheduling rounds, piece reports, ends of stream.
///
/// A session is driven by messages and timers under its own lock; no thread waits in it. Answers S-SCH-2.
@NullMarked
package dev.damselfly.scheduler.announce;

import org.jspecify.annotations.NullMarked;
