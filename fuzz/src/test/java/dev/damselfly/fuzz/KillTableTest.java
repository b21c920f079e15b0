package dev.damselfly.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The planted bugs of `fuzz/kill-table` fit the tree of today. That they are found is shown by `fuzz/kill-table/run`.
class KillTableTest {
  private static final Path ROOT = Path.of(System.getProperty("house.root", ".."));
  private static final Path TABLE = ROOT.resolve("fuzz").resolve("kill-table");
  private static final Set<String> LAYERS = Set.of("types", "static", "unit", "property", "fuzz", "stress", "process");
  private static final Set<String> KEYS =
      Set.of("id", "threats", "class", "module", "in", "layers", "tests", "target", "stress", "rationale");
  private static final Pattern THREAT = Pattern.compile("(?m)^- id: (\\S+)$");

  /// One planted bug: its keys as they stand in the file.
  private record Planted(String file, Map<String, String> keys) {
    String text(String key) {
      return keys.getOrDefault(key, "");
    }

    List<String> items(String key) {
      return Arrays.stream(text(key).replaceAll("[\\[\\]]", "").split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
    }

    String module() {
      return text("module");
    }
  }

  private static List<Planted> all() throws IOException {
    var planted = new ArrayList<Planted>();
    for (Path file : files(".yaml")) {
      var keys = new TreeMap<String, String>();
      for (String line : Files.readAllLines(file)) {
        String[] parts = line.split(": *", 2);
        assertThat(parts).as(file + ": " + line).hasSize(2);
        assertThat(keys.put(parts[0], parts[1])).as(file + ": " + parts[0] + " stands twice").isNull();
      }
      planted.add(new Planted(nameOf(file), keys));
    }
    return planted;
  }

  private static List<Path> files(String end) throws IOException {
    try (var files = Files.list(TABLE)) {
      return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
    }
  }

  private static String nameOf(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(0, name.lastIndexOf('.'));
  }

  @Test
  void everyRow_hasItsPatch_andEveryPatchItsRow() throws IOException {
    assertThat(files(".patch").stream().map(KillTableTest::nameOf)).hasSizeGreaterThanOrEqualTo(40)
        .containsExactlyElementsOf(files(".yaml").stream().map(KillTableTest::nameOf).toList());
  }

  @Test
  void everyRow_saysWhatItIs() throws IOException {
    Set<String> threats = threats();
    var ids = new HashSet<String>();
    for (Planted planted : all()) {
      assertThat(planted.keys().keySet()).as(planted.file()).isSubsetOf(KEYS).contains("class", "rationale");
      assertThat(ids.add(planted.text("id"))).as(planted.file() + ": its id stands twice").isTrue();
      assertThat(planted.file()).startsWith(planted.text("id") + "-");
      assertThat(planted.items("layers")).as(planted.file()).isNotEmpty().isSubsetOf(LAYERS);
      assertThat(planted.items("threats")).as(planted.file()).isNotEmpty().isSubsetOf(threats);
      assertThat(ROOT.resolve(planted.module()).resolve("pom.xml")).exists();
    }
  }

  @Test
  void everyRow_namesTestsAndTargetsThatExist() throws IOException {
    Set<String> targets = Targets.all().stream().map(Target::name).collect(Collectors.toSet());
    for (Planted planted : all()) {
      String module = planted.text("in").isEmpty() ? planted.module() : planted.text("in");
      Set<String> tests = testsOf(ROOT.resolve(module));
      assertThat(planted.items("tests")).as(planted.file()).isSubsetOf(tests);
      assertThat(planted.items("layers").contains("fuzz")).as(planted.file()).isEqualTo(!planted.text("target").isEmpty());
      assertThat(planted.text("target").isEmpty() || targets.contains(planted.text("target"))).as(planted.file()).isTrue();
    }
  }

  @Test
  void everyStressRow_namesAStressTest_andEveryStressTestHasOne() throws IOException {
    var named = new TreeSet<String>();
    for (Planted planted : all()) {
      assertThat(planted.items("layers").contains("stress")).as(planted.file()).isEqualTo(!planted.text("stress").isEmpty());
      if (!planted.text("stress").isEmpty()) {
        named.add(planted.text("stress").split("\\.", 2)[0]);
      }
    }

    assertThat(named).isEqualTo(stressTests());
  }

  private static Set<String> stressTests() throws IOException {
    try (var files = Files.walk(ROOT.resolve("fuzz/stress/src/main/java"))) {
      return files.map(KillTableTest::fileName).filter(name -> name.endsWith("Stress.java"))
          .map(name -> name.substring(0, name.length() - ".java".length())).collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static String fileName(Path file) {
    return String.valueOf(file.getFileName());
  }

  @Test
  void everyPatch_appliesToTheTreeOfToday() throws IOException {
    var stale = new ArrayList<String>();
    for (Path patch : files(".patch")) {
      for (Map.Entry<String, List<List<String>>> change : hunks(patch).entrySet()) {
        Path file = ROOT.resolve(change.getKey());
        List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
        if (!change.getValue().stream().allMatch(hunk -> stands(lines, hunk))) {
          stale.add(nameOf(patch) + ": " + change.getKey());
        }
      }
    }

    assertThat(stale).as("patches that do not apply any more").isEmpty();
  }

  /// What a patch expects to find, by file.
  private static Map<String, List<List<String>>> hunks(Path patch) throws IOException {
    var hunks = new TreeMap<String, List<List<String>>>();
    @Nullable List<List<String>> ofFile = null;
    for (String line : Files.readAllLines(patch)) {
      if (line.startsWith("+++ b/")) {
        ofFile = hunks.computeIfAbsent(line.substring("+++ b/".length()), _ -> new ArrayList<>());
      } else if (ofFile != null && line.startsWith("@@")) {
        ofFile.add(new ArrayList<>());
      } else if (ofFile != null && !ofFile.isEmpty() && (line.startsWith(" ") || line.startsWith("-")) && !line.startsWith("---")) {
        ofFile.getLast().add(line.substring(1));
      }
    }
    assertThat(hunks).as(patch.toString()).isNotEmpty();
    return hunks;
  }

  private static boolean stands(List<String> lines, List<String> hunk) {
    for (int at = 0; at + hunk.size() <= lines.size(); at++) {
      if (lines.subList(at, at + hunk.size()).equals(hunk)) {
        return true;
      }
    }
    return false;
  }

  private static Set<String> testsOf(Path module) throws IOException {
    try (var files = Files.walk(module.resolve("src/test/java"))) {
      return files.map(file -> String.valueOf(file.getFileName())).filter(name -> name.endsWith("Test.java"))
          .map(name -> name.substring(0, name.length() - ".java".length())).collect(Collectors.toSet());
    }
  }

  private static Set<String> threats() throws IOException {
    var ids = new HashSet<String>();
    var rows = THREAT.matcher(Files.readString(ROOT.resolve("threat-model").resolve("threats.yaml")));
    while (rows.find()) {
      ids.add(rows.group(1));
    }
    return ids;
  }
}
