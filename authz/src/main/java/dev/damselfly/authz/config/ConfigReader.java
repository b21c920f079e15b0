package dev.damselfly.authz.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.damselfly.api.error.InvalidValue;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.yaml.snakeyaml.LoaderOptions;
import org.jspecify.annotations.Nullable;

/// One section of a YAML configuration file, read key by key. Not thread-safe.
///
/// Accessors never throw for bad input: they note the problem, return a stand-in, and [#finish] of the root
/// throws everything found, unread keys included. So a reader states each key once, in one place:
///
/// ```java
/// var root = ConfigReader.parse(bytes);
/// var config = new UploadConfig(root.section("upload").integer("max-connections", 64, 1, 1024));
/// root.finish();
/// ```
public final class ConfigReader {
  /// Largest accepted file in bytes.
  public static final int MAX_BYTES = 1 << 20;

  private final String path;
  private final @Nullable ObjectNode node;
  private final List<String> problems;
  private final List<ConfigReader> sections = new ArrayList<>();
  private final Set<String> read = new HashSet<>();

  private ConfigReader(String path, @Nullable ObjectNode node, List<String> problems) {
    this.path = path;
    this.node = node;
    this.problems = problems;
  }

  /// @throws ConfigProblems when the bytes are not one YAML mapping with unique keys
  public static ConfigReader parse(byte[] yaml) throws ConfigProblems {
    if (yaml.length > MAX_BYTES) {
      throw new ConfigProblems(List.of("the file is larger than 1 MiB"));
    }
    try {
      JsonNode tree = mapper().readTree(yaml);
      if (tree == null || tree.isMissingNode() || tree.isNull()) {
        return new ConfigReader("", null, new ArrayList<>());
      }
      if (!(tree instanceof ObjectNode object)) {
        throw new ConfigProblems(List.of("the file is not a mapping of keys to values"));
      }
      return new ConfigReader("", object, new ArrayList<>());
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      String where = at == null ? "" : "line " + at.getLineNr() + ", column " + at.getColumnNr() + ": ";
      throw new ConfigProblems(List.of(where + "not valid YAML, or a key stands twice"));
    } catch (IOException | RuntimeException | StackOverflowError e) {
      throw new ConfigProblems(List.of("not valid YAML"));
    }
  }

  private static ObjectMapper mapper() {
    var options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    options.setMaxAliasesForCollections(0);
    options.setNestingDepthLimit(20);
    var factory = YAMLFactory.builder().loaderOptions(options).enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    return new ObjectMapper(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }

  /// A nested mapping; an absent one reads as empty.
  public ConfigReader section(String key) {
    JsonNode value = take(key);
    if (value != null && !(value instanceof ObjectNode)) {
      problem(key, "must be a mapping");
    }
    var section = new ConfigReader(name(key), value instanceof ObjectNode object ? object : null, problems);
    sections.add(section);
    return section;
  }

  /// A list of mappings, at most `max`.
  public List<ConfigReader> sections(String key, int max) {
    JsonNode value = take(key);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray() || value.size() > max) {
      problem(key, "must be a list of at most " + max + " mappings");
      return List.of();
    }
    var all = new ArrayList<ConfigReader>();
    for (int i = 0; i < value.size(); i++) {
      if (!(value.get(i) instanceof ObjectNode object)) {
        problem(key + "[" + i + "]", "must be a mapping");
        continue;
      }
      var section = new ConfigReader(name(key) + "[" + i + "]", object, problems);
      sections.add(section);
      all.add(section);
    }
    return all;
  }

  public boolean has(String key) {
    return node != null && node.has(key);
  }

  /// Required text, parsed; the stand-in replaces it when it is absent or bad.
  public <T> T value(String key, Function<String, T> parse, T standIn) {
    Optional<String> text = optional(key);
    if (text.isEmpty()) {
      if (!has(key)) {
        problem(key, "is required");
      }
      return standIn;
    }
    return parsed(key, text.get(), parse, standIn);
  }

  /// Text, parsed, or the default when the key is absent.
  public <T> T valueOr(String key, Function<String, T> parse, T absent) {
    return optional(key).map(text -> parsed(key, text, parse, absent)).orElse(absent);
  }

  /// Text as it stands; absent, or not text: empty.
  public Optional<String> optional(String key) {
    JsonNode value = take(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isValueNode() || value.isNull()) {
      problem(key, "must be a single value");
      return Optional.empty();
    }
    return Optional.of(value.asText());
  }

  public String text(String key, String absent) {
    return optional(key).orElse(absent);
  }

  public int integer(String key, int absent, int min, int max) {
    return (int) number(key, absent, min, max);
  }

  public long number(String key, long absent, long min, long max) {
    JsonNode value = take(key);
    if (value == null) {
      return absent;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < min || value.longValue() > max) {
      problem(key, "must be a whole number in [" + min + ", " + max + "]");
      return absent;
    }
    return value.longValue();
  }

  public boolean flag(String key, boolean absent) {
    JsonNode value = take(key);
    if (value == null) {
      return absent;
    }
    if (!value.isBoolean()) {
      problem(key, "must be true or false");
      return absent;
    }
    return value.booleanValue();
  }

  /// ISO-8601 (`PT30S`) or the short forms `500ms`, `30s`, `5m`, `2h`, `7d`.
  public Duration duration(String key, Duration absent, Duration min, Duration max) {
    return valueOr(
        key,
        text -> {
          Duration value = shortDuration(text);
          if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new InvalidValue("must be in [" + min + ", " + max + "]");
          }
          return value;
        },
        absent);
  }

  /// A size in bytes: a whole number, or one with `KiB`, `MiB`, `GiB`, `TiB`.
  public long bytes(String key, long absent, long min, long max) {
    return valueOr(
        key,
        text -> {
          long value = size(text);
          if (value < min || value > max) {
            throw new InvalidValue("must be in [" + min + ", " + max + "] bytes");
          }
          return value;
        },
        absent);
  }

  public Optional<Path> path(String key) {
    return optional(key).map(text -> parsed(key, text, ConfigReader::absolute, Path.of("/")));
  }

  /// A list of texts, at most `max`.
  public <T> List<T> list(String key, int max, Function<String, T> parse) {
    JsonNode value = take(key);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray() || value.size() > max) {
      problem(key, "must be a list of at most " + max);
      return List.of();
    }
    var all = new ArrayList<T>();
    for (int i = 0; i < value.size(); i++) {
      if (!value.get(i).isValueNode()) {
        problem(key + "[" + i + "]", "must be a single value");
        continue;
      }
      try {
        all.add(parse.apply(value.get(i).asText()));
      } catch (InvalidValue e) {
        problem(key + "[" + i + "]", e.rule());
      }
    }
    return List.copyOf(all);
  }

  /// Notes a problem that the caller found, for example between two keys.
  public void problem(String key, String rule) {
    problems.add(name(key) + ": " + rule);
  }

  /// Ends reading.
  ///
  /// @throws ConfigProblems with every problem of the whole file, unread keys included
  public void finish() throws ConfigProblems {
    noteUnread();
    if (!problems.isEmpty()) {
      throw new ConfigProblems(problems);
    }
  }

  /// Ends reading of a part of the file: keys that were not asked for are another reader's.
  ///
  /// @throws ConfigProblems with every problem of what was read
  public void finishPart() throws ConfigProblems {
    if (!problems.isEmpty()) {
      throw new ConfigProblems(problems);
    }
  }

  private void noteUnread() {
    if (node != null) {
      for (var entry : node.properties()) {
        if (!read.contains(entry.getKey())) {
          problem(entry.getKey(), "unknown key");
        }
      }
    }
    sections.forEach(ConfigReader::noteUnread);
  }

  private @Nullable JsonNode take(String key) {
    read.add(key);
    return node == null ? null : node.get(key);
  }

  private <T> T parsed(String key, String text, Function<String, T> parse, T standIn) {
    try {
      return parse.apply(text);
    } catch (InvalidValue e) {
      problem(key, e.rule());
      return standIn;
    }
  }

  private String name(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static Path absolute(String text) {
    if (!text.startsWith("/") || text.indexOf('\0') >= 0) {
      throw new InvalidValue("must be an absolute path");
    }
    return Path.of(text);
  }

  private static Duration shortDuration(String text) {
    try {
      if (text.startsWith("P")) {
        return Duration.parse(text);
      }
      int digits = digits(text);
      long amount = Long.parseLong(text.substring(0, digits));
      return switch (text.substring(digits)) {
        case "ms" -> Duration.ofMillis(amount);
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        case "h" -> Duration.ofHours(amount);
        case "d" -> Duration.ofDays(amount);
        default -> throw new InvalidValue("must be a duration such as 30s, 5m or PT30S");
      };
    } catch (NumberFormatException | DateTimeParseException | ArithmeticException e) {
      throw new InvalidValue("must be a duration such as 30s, 5m or PT30S");
    }
  }

  private static long size(String text) {
    try {
      int digits = digits(text);
      long amount = Long.parseLong(text.substring(0, digits));
      int shift =
          switch (text.substring(digits).strip()) {
            case "" -> 0;
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            case "TiB" -> 40;
            default -> throw new InvalidValue("must be a size such as 65536, 64MiB or 10GiB");
          };
      return Math.multiplyExact(amount, 1L << shift);
    } catch (NumberFormatException | ArithmeticException e) {
      throw new InvalidValue("must be a size such as 65536, 64MiB or 10GiB");
    }
  }

  private static int digits(String text) {
    int i = 0;
    while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
      i++;
    }
    return i;
  }
}
