/// Clusters, what they are made of, and which of them suits a peer. Answers S-MGR-9: a caller sees its own cluster
/// only.
@NullMarked
package dev.damselfly.manager.cluster;

import org.jspecify.annotations.NullMarked;
