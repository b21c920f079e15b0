package dev.damselfly.manager.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.block.BlockList;
import dev.damselfly.authz.block.BlockListDocument;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.manager.document.Json;
import dev.damselfly.manager.document.TextPattern;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The JSON documents of a cluster, as columns and message fields hold them (manager.md section 3).
public final class ClusterDocuments {
  private ClusterDocuments() {}

  record ConfigDocument(@Nullable Integer candidateParentLimit, @Nullable Integer filterParentLimit) {}

  record LoadDocument(@Nullable Integer loadLimit) {}

  /// @param blockList read by [BlockListDocument], from the same text
  record ClientDocument(@Nullable Integer loadLimit, @Nullable JsonNode blockList) {}

  record ScopesDocument(
      @Nullable String idc,
      @Nullable String location,
      @Nullable List<String> cidrs,
      @Nullable List<String> hostnames) {}

  public static String config(ClusterLimits limits) {
    return Json.write(new ConfigDocument(limits.candidateParents(), limits.filterParents()));
  }

  /// What peers work with.
  public static String clientConfig(ClusterSpec spec) {
    return Json.write(new ClientDocument(spec.limits().load(), blockList(spec.blocks().peers())));
  }

  /// What seed peers work with: nothing but their block list.
  public static String seedClientConfig(ClusterSpec spec) {
    return Json.write(new ClientDocument(null, blockList(spec.blocks().seeds())));
  }

  private static @Nullable JsonNode blockList(BlockList list) {
    return list.isEmpty() ? null : BlockListDocument.write(list);
  }

  /// @throws InvalidValue when one of the documents holds a list that is not understood
  static ClusterBlocks blocks(String clientConfig, String seedClientConfig) {
    return new ClusterBlocks(
        BlockListDocument.parse(clientConfig.getBytes(StandardCharsets.UTF_8)),
        BlockListDocument.parse(seedClientConfig.getBytes(StandardCharsets.UTF_8)));
  }

  public static String seedConfig(ClusterLimits limits) {
    return Json.write(new LoadDocument(limits.seedLoad()));
  }

  /// Absent keys take the defaults; bounds apply to those present.
  ///
  /// @throws InvalidValue when a document has unknown keys, wrong types or numbers out of bounds
  static ClusterLimits limits(String config, String clientConfig, String seedConfig) {
    var own = Json.read(config, ConfigDocument.class);
    var client = Json.read(clientConfig, ClientDocument.class);
    var seed = Json.read(seedConfig, LoadDocument.class);
    return new ClusterLimits(
        orElse(own.candidateParentLimit(), ClusterLimits.DEFAULT.candidateParents()),
        orElse(own.filterParentLimit(), ClusterLimits.DEFAULT.filterParents()),
        orElse(client.loadLimit(), ClusterLimits.DEFAULT.load()),
        orElse(seed.loadLimit(), ClusterLimits.DEFAULT.seedLoad()));
  }

  public static String scopes(Scopes scopes) {
    return Json.write(
        new ScopesDocument(
            scopes.idc().isEmpty() ? null : scopes.idc(),
            scopes.location().isEmpty() ? null : scopes.location(),
            texts(scopes.cidrs()),
            texts(scopes.hostnames())));
  }

  static Scopes scopes(String json) {
    var document = Json.read(json, ScopesDocument.class);
    return new Scopes(
        orElse(document.idc(), ""),
        orElse(document.location(), ""),
        values(document.cidrs(), Scopes.MAX_CIDRS, Cidr::parse),
        values(document.hostnames(), Scopes.MAX_HOSTNAMES, TextPattern::parse));
  }

  static String networks(List<Cidr> networks) {
    return Json.write(networks.stream().map(Cidr::toString).toList());
  }

  static List<Cidr> networks(String json) {
    return values(List.of(Json.read(json, String[].class)), ClusterSpec.MAX_NETWORKS, Cidr::parse);
  }

  private static @Nullable List<String> texts(List<?> values) {
    return values.isEmpty() ? null : values.stream().map(Objects::toString).toList();
  }

  private static <T> List<T> values(@Nullable List<String> texts, int max, Function<String, T> parse) {
    if (texts == null) {
      return List.of();
    }
    if (texts.size() > max || texts.stream().anyMatch(Objects::isNull)) {
      throw new InvalidValue("must be a list of at most " + max + " texts");
    }
    return texts.stream().map(parse).toList();
  }

  private static <T> T orElse(@Nullable T value, T absent) {
    return value == null ? absent : value;
  }
}
