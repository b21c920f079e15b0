package dev.damselfly.manager.cluster;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.block.BlockList;
import dev.damselfly.authz.block.BlockListDocument;

/// What members of a cluster refuse to download.
///
/// @param peers for peers; at most 12 KiB as a document
/// @param seeds for seed peers; the same
public record ClusterBlocks(BlockList peers, BlockList seeds) {
  public static final ClusterBlocks NONE = new ClusterBlocks(BlockList.NONE, BlockList.NONE);

  /// @throws InvalidValue for a list that no answer has room for
  public ClusterBlocks {
    BlockListDocument.requireSize(peers);
    BlockListDocument.requireSize(seeds);
  }
}
