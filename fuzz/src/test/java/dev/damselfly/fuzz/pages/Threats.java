package dev.damselfly.fuzz.pages;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// The rows of `threat-model/threats.yaml`.
final class Threats {
  private static final Pattern ROW = Pattern.compile("(?m)^- id: (\\S+)\\n((?:  .*\\n)*)");
  private static final Pattern KEY = Pattern.compile("(?m)^  (\\w+): (.*)$");

  private Threats() {}

  /// One row.
  record Row(String id, Map<String, String> keys) {
    String text(String key) {
      return keys.getOrDefault(key, "");
    }

    /// Words in square brackets.
    List<String> items(String key) {
      return Arrays.stream(text(key).replaceAll("[\\[\\]]", "").split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
    }

    Optional<String> waitsFor() {
      return Optional.ofNullable(keys.get("waits_for"));
    }

    /// A finding of the audit, or an advisory.
    boolean isFinding() {
      return id.startsWith("TOB-") || id.startsWith("CVE-");
    }

    /// `S-SCH` of `S-SCH-4`; all advisories are one group.
    String group() {
      return id.startsWith("CVE-") ? "CVE" : id.substring(0, id.lastIndexOf('-'));
    }
  }

  static Map<String, Row> read() {
    var all = new LinkedHashMap<String, Row>();
    var rows = ROW.matcher(Tree.text(Tree.ROOT.resolve("threat-model").resolve("threats.yaml")));
    while (rows.find()) {
      var keys = new LinkedHashMap<String, String>();
      var pairs = KEY.matcher(rows.group(2));
      while (pairs.find()) {
        keys.put(pairs.group(1), plain(pairs.group(2)));
      }
      all.put(rows.group(1), new Row(rows.group(1), keys));
    }
    return all;
  }

  private static String plain(String value) {
    String inner = value.startsWith("\"") ? value.substring(1, value.length() - 1) : value;
    return inner.replace("\\\"", "\"").replace("\\\\", "\\");
  }

  /// `B-9` before `B-10`.
  static List<String> sorted(Iterable<String> ids) {
    var all = new ArrayList<String>();
    ids.forEach(all::add);
    all.sort(Comparator.comparing((String id) -> id.substring(0, id.lastIndexOf('-'))).thenComparingInt(id -> Integer.parseInt(id.substring(id.lastIndexOf('-') + 1))));
    return all;
  }
}
