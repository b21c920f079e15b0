package dev.damselfly.peer.testing;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.peer.block.BlockLists;
import java.nio.file.Path;

/// A block list of one rule of each kind, and the download that it refuses.
public enum BlockedBy {
  APPLICATIONS("applications", "\"batch\""),
  URLS("urls", "\"/blocked/\""),
  TAGS("tags", "\"nightly\""),
  PRIORITIES("priorities", "5");

  /// Any download that no rule here matches has it.
  public static final String PATH = "/f";

  private final String key;
  private final String value;

  BlockedBy(String key, String value) {
    this.key = key;
    this.value = value;
  }

  /// As the manager would tell it.
  public ByteString document() {
    return ByteString.copyFromUtf8("{\"block_list\":{\"task\":{\"download\":{\"" + key + "\":[" + value + "]}}}}");
  }

  public static ByteString nothing() {
    return ByteString.copyFromUtf8("{}");
  }

  /// A gate that was told this list.
  public BlockLists gate(Path directory, Audit audit) {
    var gate = BlockLists.open(directory, "east", false, audit);
    gate.told(document());
    return gate;
  }

  /// The same as it must stand in refusals.
  public String key() {
    return key;
  }

  /// Path of the URL that the download must have.
  public String path() {
    return this == URLS ? "/%62locked/f" : PATH;
  }

  /// Makes the download one that the rule matches.
  public Download.Builder mark(Download.Builder download) {
    return switch (this) {
      case APPLICATIONS -> download.setApplication("batch");
      case URLS -> download;
      case TAGS -> download.setTag("nightly");
      case PRIORITIES -> download.setPriority(Priority.LEVEL5);
    };
  }
}
