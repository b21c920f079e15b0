package dev.damselfly.fuzz.pages;

import dev.damselfly.fuzz.Target;
import dev.damselfly.fuzz.Targets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// What shows that a threat is answered: tests that name it, bugs planted in the code, fuzz targets.
final class Proofs {
  private static final Pattern ANNOTATION = Pattern.compile("@Threat\\(\\s*(\\{[^}]*}|\"[^\"]*\")\\s*\\)");
  private static final Pattern NAMED = Pattern.compile("(?m)^\\s*(?:public |static |final |abstract )*(void|class) (\\w+)");
  private static final Pattern RESULT = Pattern.compile("\\{\"id\": \"(\\w+)\", \"verdict\": \"(\\w+)\", \"layer\": \"([^\"]*)\", \"by\": \"([^\"]*)\"");
  private static final String MVN = "./mvnw -B -q ";
  private static final String ONE = "' -Dsurefire.failIfNoSpecifiedTests=false";

  /// A method, or all of a class.
  ///
  /// @param real needs the programs of others, and runs with them only
  record Proving(String module, String type, String method, boolean real, Set<String> threats) {
    String folder() {
      return type.substring(0, type.lastIndexOf('.'));
    }

    String simple() {
      return type.substring(type.lastIndexOf('.') + 1);
    }
  }

  /// @param files what the patch changes
  /// @param found layer and name of what found it when the table was last run
  record Planted(String id, String what, Set<String> threats, String target, Set<String> files, String verdict, String found) {}

  /// A line of `fuzz/inputs.txt`.
  record Input(String name, Set<String> targets, Set<String> bounds, Set<String> threats) {}

  final List<Proving> tests = new ArrayList<>();
  final List<Planted> planted = new ArrayList<>();
  final Map<String, Input> inputs = new LinkedHashMap<>();
  final Map<String, Target> targets = new TreeMap<>();

  Proofs() {
    for (String module : Tree.modules()) {
      Path sources = Tree.ROOT.resolve(module).resolve("src/test/java");
      for (Path file : Tree.files(sources, "Test.java")) {
        collect(module, Tree.nameOf(sources, file), Tree.text(file));
      }
    }
    Map<String, String[]> results = results();
    for (Path file : Tree.files(table(), ".yaml")) {
      planted.add(planted(file, results));
    }
    for (String line : Tree.text(Tree.ROOT.resolve("fuzz").resolve("inputs.txt")).lines().toList()) {
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] parts = line.strip().split("\\s+", -1);
        inputs.put(parts[0], new Input(parts[0], set(parts[1]), set(parts[3]), set(parts[4])));
      }
    }
    Targets.all().forEach(target -> targets.put(target.name(), target));
  }

  private static Path table() {
    return Tree.ROOT.resolve("fuzz").resolve("kill-table");
  }

  private static Set<String> set(String text) {
    var items = new TreeSet<>(Arrays.asList(text.split(",", -1)));
    items.removeIf(String::isBlank);
    return items;
  }

  private void collect(String module, String type, String source) {
    boolean real = source.contains("@Tag(\"real\")");
    var annotations = ANNOTATION.matcher(source);
    var named = NAMED.matcher(source);
    while (annotations.find() && named.find(annotations.end())) {
      String method = named.group(1).equals("class") ? "" : named.group(2);
      tests.add(new Proving(module, type, method, real, Tree.ids(annotations.group(1))));
    }
  }

  private static Map<String, String[]> results() {
    var all = new TreeMap<String, String[]>();
    var rows = RESULT.matcher(Tree.text(table().resolve("results.json")));
    while (rows.find()) {
      all.put(rows.group(1), new String[] {rows.group(2), rows.group(3) + ": " + rows.group(4)});
    }
    return all;
  }

  private static Planted planted(Path file, Map<String, String[]> results) {
    var keys = new TreeMap<String, String>();
    Tree.text(file).lines().map(line -> line.split(": *", 2)).forEach(parts -> keys.put(parts[0], parts[1].replaceAll("^\"|\"$", "")));
    var files = new TreeSet<String>();
    String patch = Tree.text(Path.of(file.toString().replaceAll("yaml$", "patch")));
    patch.lines().filter(line -> line.startsWith("+++ b/")).forEach(line -> files.add(line.substring("+++ b/".length())));
    String id = keys.getOrDefault("id", "");
    String[] result = results.getOrDefault(id, new String[] {"not run", "not run"});
    Set<String> threats = set(keys.getOrDefault("threats", "").replaceAll("[\\[\\] ]", ""));
    return new Planted(id, keys.getOrDefault("class", ""), threats, keys.getOrDefault("target", ""), files, result[0], result[1]);
  }

  List<Proving> testsOf(Set<String> ids) {
    return tests.stream().filter(test -> test.threats().stream().anyMatch(ids::contains)).toList();
  }

  List<Planted> plantedOf(Set<String> ids) {
    return planted.stream().filter(row -> row.threats().stream().anyMatch(ids::contains)).toList();
  }

  /// Targets of inputs where the threat is met, and of bugs planted for it.
  Set<String> targetsOf(Set<String> ids) {
    var all = new TreeSet<String>();
    inputs.values().stream().filter(input -> input.threats().stream().anyMatch(ids::contains)).forEach(input -> all.addAll(input.targets()));
    plantedOf(ids).stream().map(Planted::target).filter(name -> !name.isEmpty()).forEach(all::add);
    return all;
  }

  /// One command for the tests of a module that name one of these threats.
  static String command(String module, boolean real, Set<String> classes) {
    String names = String.join(",", classes);
    return real
        ? MVN + "-Preal-parts -pl " + module + " -am verify -Dtest='" + names + ONE
        : MVN + "-pl " + module + " -am test -Dtest='" + names + ONE;
  }
}
