package dev.damselfly.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The threat model and the tests hold each other: a row without a test, a test without a row, fail the build.
class ThreatModelTest {
  private static final Path ROOT = Path.of(System.getProperty("house.root", ".."));
  private static final Pattern ANNOTATION = Pattern.compile("@Threat\\(\\s*(\\{[^}]*}|\"[^\"]*\")\\s*\\)");
  private static final Pattern QUOTED = Pattern.compile("\"([^\"]+)\"");
  private static final Pattern ROW = Pattern.compile("(?m)^- id: (\\S+)\\n((?:  .*\\n)*)");

  @Test
  void everyRow_hasATest_orSaysWhatItWaitsFor() throws IOException {
    var proved = idsInTests();
    var orphans = new TreeSet<String>();
    var rows = ROW.matcher(Files.readString(ROOT.resolve("threat-model").resolve("threats.yaml")));
    while (rows.find()) {
      boolean waits = rows.group(2).contains("  waits_for:");
      if (waits == proved.contains(rows.group(1))) {
        orphans.add(rows.group(1));
      }
    }

    assertThat(orphans).as("rows without a test, or that wait although they have one").isEmpty();
  }

  @Test
  void everyTest_namesAKnownRow() throws IOException {
    var known = new HashSet<String>();
    var rows = ROW.matcher(Files.readString(ROOT.resolve("threat-model").resolve("threats.yaml")));
    while (rows.find()) {
      assertThat(known.add(rows.group(1))).as(rows.group(1) + " stands twice").isTrue();
    }

    assertThat(known).containsAll(idsInTests());
  }

  private static Set<String> idsInTests() throws IOException {
    var ids = new TreeSet<String>();
    try (var modules = Files.walk(ROOT, 2)) { // peer/nydus is a module inside a folder
      for (Path module : modules.filter(path -> Files.isDirectory(path.resolve("src/test/java"))).toList()) {
        try (var files = Files.walk(module.resolve("src/test/java"))) {
          for (Path file : files.filter(path -> path.toString().endsWith("Test.java")).toList()) {
            collect(Files.readString(file), ids);
          }
        }
      }
    }
    return ids;
  }

  private static void collect(String source, Set<String> ids) {
    var annotations = ANNOTATION.matcher(source);
    while (annotations.find()) {
      var quoted = QUOTED.matcher(annotations.group(1));
      while (quoted.find()) {
        ids.add(quoted.group(1));
      }
    }
  }
}
