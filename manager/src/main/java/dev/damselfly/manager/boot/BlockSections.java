package dev.damselfly.manager.boot;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.block.BlockList;
import dev.damselfly.authz.block.BlockListDocument;
import dev.damselfly.authz.block.BlockRules;
import dev.damselfly.authz.block.UrlPattern;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.manager.cluster.ClusterBlocks;
import java.util.List;
import java.util.function.Supplier;

/// The block lists of a cluster in the configuration file.
final class BlockSections {
  private BlockSections() {}

  /// Notes problems in the reader of the cluster.
  static ClusterBlocks of(ConfigReader cluster) {
    return new ClusterBlocks(list(cluster, "block-list"), list(cluster, "seed-block-list"));
  }

  private static BlockList list(ConfigReader cluster, String key) {
    ConfigReader section = cluster.section(key);
    ConfigReader persistent = section.section("persistent-task");
    ConfigReader cache = section.section("persistent-cache-task");
    BlockRules download = download(section.section("task"));
    BlockRules persistentDownload = download(persistent);
    BlockRules persistentUpload = upload(persistent);
    BlockRules cacheDownload = download(cache);
    BlockRules cacheUpload = upload(cache);
    Supplier<BlockList> list =
        () ->
            BlockListDocument.requireSize(
                new BlockList(download, persistentDownload, persistentUpload, cacheDownload, cacheUpload));
    return checked(cluster, key, list, BlockList.NONE);
  }

  private static BlockRules download(ConfigReader of) {
    ConfigReader section = of.section("download");
    return rules(of, "download", section, section.list("priorities", BlockRules.MAX_RULES, BlockSections::priority));
  }

  private static BlockRules upload(ConfigReader of) {
    return rules(of, "upload", of.section("upload"), List.of());
  }

  private static BlockRules rules(ConfigReader of, String key, ConfigReader section, List<Integer> priorities) {
    var applications = section.list("applications", BlockRules.MAX_RULES, BlockRules::text);
    var urls = section.list("urls", BlockRules.MAX_RULES, UrlPattern::parse);
    var tags = section.list("tags", BlockRules.MAX_RULES, BlockRules::text);
    return checked(of, key, () -> new BlockRules(applications, urls, tags, priorities), BlockRules.NONE);
  }

  private static int priority(String text) {
    boolean whole = text.matches("0|-?[1-9][0-9]{0,9}");
    if (!whole || Long.parseLong(text) != (int) Long.parseLong(text)) {
      throw new InvalidValue("must be a whole number of 32 bits");
    }
    return Integer.parseInt(text);
  }

  private static <T> T checked(ConfigReader reader, String key, Supplier<T> value, T standIn) {
    try {
      return value.get();
    } catch (InvalidValue e) {
      reader.problem(key, e.rule());
      return standIn;
    }
  }
}
