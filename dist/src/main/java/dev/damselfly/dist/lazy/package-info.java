/// Images of a registry, read lazily: manifests and ranges of blobs through the mirror of this host's peer, each chunk
/// verified against the bootstrap before anybody sees a byte of it, and remembered in a cache of this user.
///
/// Knows no daemon classes: the mirror polices, authorises and fetches. Thread-safe where it says so. Answers S-NYD-2,
/// S-NYD-3, S-NYD-5.
@NullMarked
package dev.damselfly.dist.lazy;

import org.jspecify.annotations.NullMarked;
