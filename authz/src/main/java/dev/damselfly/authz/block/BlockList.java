package dev.damselfly.authz.block;

import dev.damselfly.api.error.InvalidValue;

/// Everything that a cluster refuses, for one kind of peer (manager.md section 3). Immutable.
///
/// Uploads have no priorities.
public record BlockList(
    BlockRules taskDownload,
    BlockRules persistentDownload,
    BlockRules persistentUpload,
    BlockRules persistentCacheDownload,
    BlockRules persistentCacheUpload) {
  public static final BlockList NONE =
      new BlockList(BlockRules.NONE, BlockRules.NONE, BlockRules.NONE, BlockRules.NONE, BlockRules.NONE);

  public BlockList {
    if (!persistentUpload.priorities().isEmpty() || !persistentCacheUpload.priorities().isEmpty()) {
      throw new InvalidValue("upload: has no priorities");
    }
  }

  public boolean isEmpty() {
    return equals(NONE);
  }
}
