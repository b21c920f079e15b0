/// A simulated swarm that takes every decision with the code of scheduler and peer.
///
/// Links are equal and full duplex; a transfer lasts as long as its slower end needs, each link shared evenly by what it
/// carries when the transfer begins. Control messages take no time. One thread.
@NullMarked
package dev.damselfly.bench.simulate;

import org.jspecify.annotations.NullMarked;
