package dev.damselfly.authz.block;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Block lists as the documents of a cluster hold them, below the key `block_list` (manager.md section 3).
///
/// Inside of the list nothing is unknown and nothing stands twice: a rule that is not understood would otherwise be one
/// that does not hold. Keys beside it are for others. Absent and null are the same. Failures name the field and the rule.
public final class BlockListDocument {
  /// Bytes of a document that holds a list among other things.
  public static final int MAX_BYTES = 16 << 10;
  /// Bytes of the list in it (B-35).
  public static final int MAX_LIST_BYTES = 12 << 10;

  public static final String KEY = "block_list";

  private static final int MAX_DEPTH = 8;
  private static final int MAX_KEY = 64;
  private static final JsonMapper JSON = StrictJson.mapper(MAX_DEPTH, MAX_BYTES, MAX_KEY).build();

  private BlockListDocument() {}

  /// The list of a `client_config` or `seed_client_config`; one without a list has no rules.
  ///
  /// @throws InvalidValue unless it is one JSON object of at most 16 KiB with a list that is understood
  public static BlockList parse(byte[] document) {
    ObjectNode root = object(tree(document), "a cluster configuration");
    JsonNode list = root.get(KEY);
    return list == null || list.isNull() ? BlockList.NONE : list(object(list, KEY));
  }

  private static @Nullable JsonNode tree(byte[] document) {
    if (document.length > MAX_BYTES) {
      throw new InvalidValue("a cluster configuration has at most 16 KiB");
    }
    try { // as text: of bytes the parser guesses the encoding
      return JSON.readTree(new String(document, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new InvalidValue("a cluster configuration is one JSON object without a key that stands twice");
    }
  }

  private static BlockList list(ObjectNode node) {
    requireKeys(node, KEY, Set.of("task", "persistent_task", "persistent_cache_task"));
    ObjectNode task = child(node, KEY, "task");
    requireKeys(task, KEY + ".task", Set.of("download"));
    var persistent = transfers(node, "persistent_task");
    var cache = transfers(node, "persistent_cache_task");
    var list =
        new BlockList(
            rules(task, KEY + ".task", "download"),
            persistent.getFirst(),
            persistent.getLast(),
            cache.getFirst(),
            cache.getLast());
    requireSize(list);
    return list;
  }

  /// Downloads, then uploads.
  private static List<BlockRules> transfers(ObjectNode node, String key) {
    ObjectNode both = child(node, KEY, key);
    String name = KEY + "." + key;
    requireKeys(both, name, Set.of("download", "upload"));
    return List.of(rules(both, name, "download"), rules(both, name, "upload"));
  }

  private static BlockRules rules(ObjectNode of, String path, String key) {
    ObjectNode node = child(of, path, key);
    String name = path + "." + key;
    Set<String> uploads = Set.of("applications", "urls", "tags");
    requireKeys(node, name, key.equals("upload") ? uploads : Set.of("applications", "urls", "tags", "priorities"));
    var applications = items(node, name, "applications", item -> BlockRules.text(text(item)));
    var urls = items(node, name, "urls", item -> UrlPattern.parse(text(item)));
    var tags = items(node, name, "tags", item -> BlockRules.text(text(item)));
    var priorities = items(node, name, "priorities", BlockListDocument::number);
    return named(name, () -> new BlockRules(applications, urls, tags, priorities));
  }

  private static String text(JsonNode item) {
    if (!item.isTextual()) {
      throw new InvalidValue("must be a text");
    }
    return item.textValue();
  }

  private static int number(JsonNode item) {
    if (!item.isIntegralNumber() || !item.canConvertToInt()) {
      throw new InvalidValue("must be a whole number of 32 bits");
    }
    return item.intValue();
  }

  private static <T> List<T> items(ObjectNode node, String path, String key, Function<JsonNode, T> parse) {
    JsonNode array = node.get(key);
    if (array == null || array.isNull()) {
      return List.of();
    }
    String name = path + "." + key;
    if (!array.isArray() || array.size() > BlockRules.MAX_RULES) {
      throw new InvalidValue(name + ": must be a list of at most " + BlockRules.MAX_RULES);
    }
    var all = new ArrayList<T>();
    for (int i = 0; i < array.size(); i++) {
      JsonNode item = array.get(i);
      all.add(named(name + "[" + i + "]", () -> parse.apply(item)));
    }
    return all;
  }

  private interface Part<T> {
    T make();
  }

  private static <T> T named(String name, Part<T> part) {
    try {
      return part.make();
    } catch (InvalidValue e) {
      throw new InvalidValue(name + ": " + e.rule());
    }
  }

  private static ObjectNode child(ObjectNode node, String path, String key) {
    JsonNode child = node.get(key);
    return child == null || child.isNull() ? JSON.createObjectNode() : object(child, path + "." + key);
  }

  private static ObjectNode object(@Nullable JsonNode node, String name) {
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new InvalidValue(name + ": must be a JSON object");
  }

  private static void requireKeys(ObjectNode node, String name, Set<String> known) {
    node.fieldNames()
        .forEachRemaining(
            key -> {
              if (!known.contains(key)) {
                throw new InvalidValue(name + ": has a key that is not known");
              }
            });
  }

  /// @throws InvalidValue for a list of more than 12 KiB
  public static BlockList requireSize(BlockList list) {
    if (write(list).toString().getBytes(StandardCharsets.UTF_8).length > MAX_LIST_BYTES) {
      throw new InvalidValue("a block list has at most 12 KiB as a document");
    }
    return list;
  }

  /// The value of the key; lists without rules are left out.
  public static ObjectNode write(BlockList list) {
    var node = JSON.createObjectNode();
    add(node, "task", "download", list.taskDownload());
    add(node, "persistent_task", "download", list.persistentDownload());
    add(node, "persistent_task", "upload", list.persistentUpload());
    add(node, "persistent_cache_task", "download", list.persistentCacheDownload());
    add(node, "persistent_cache_task", "upload", list.persistentCacheUpload());
    return node;
  }

  private static void add(ObjectNode to, String of, String key, BlockRules rules) {
    if (rules.isEmpty()) {
      return;
    }
    ObjectNode node = to.withObjectProperty(of).putObject(key);
    texts(node, "applications", rules.applications());
    texts(node, "urls", rules.urls());
    texts(node, "tags", rules.tags());
    if (!rules.priorities().isEmpty()) {
      ArrayNode numbers = node.putArray("priorities");
      rules.priorities().forEach(numbers::add);
    }
  }

  private static void texts(ObjectNode node, String key, List<?> values) {
    if (!values.isEmpty()) {
      ArrayNode array = node.putArray(key);
      values.forEach(value -> array.add(value.toString()));
    }
  }
}
