package dev.damselfly.fuzz.pages;

import dev.damselfly.authz.limits.Bound;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// All pages, by their path below `threat-model`.
public final class ThreatPages {
  static final Path HOME = Tree.ROOT.resolve("threat-model");
  static final String COMMAND = "./fuzz/run --pages";
  private static final String MADE = "<!-- Written by `" + COMMAND + "` from the code and the tables; changes here are lost. -->\n\n";
  private static final String BEGIN = "<!-- findings: written by `" + COMMAND + "` -->";
  private static final String END = "<!-- end of findings -->";

  final Map<String, Threats.Row> threats = Threats.read();
  final Proofs proofs = new Proofs();
  final Tree tree = new Tree();
  final Entries entries = new Entries(tree, proofs);
  final Map<String, String> pages = new TreeMap<>();
  /// Ways in and out for which no threat is known.
  final Set<String> orphans = new TreeSet<>();

  ThreatPages() {
    for (Part part : Part.values()) {
      pages.put("processes/" + part.page() + ".md", MADE + new ProcessPage(this, part).text());
    }
    var groups = threats.values().stream().filter(row -> !row.isFinding()).collect(Collectors.groupingBy(Threats.Row::group, TreeMap::new, Collectors.toList()));
    groups.forEach((group, rows) -> pages.put("threats/" + group + ".md", MADE + group(group, rows)));
    threats.values().stream().filter(Threats.Row::isFinding).forEach(row -> pages.put("findings/" + row.id() + ".md", MADE + finding(row)));
    pages.put("README.md", readme());
  }

  /// Writes what differs from what stands there, and removes pages of what is gone.
  public static void main(String[] args) throws IOException {
    var all = new ThreatPages();
    Map<String, String> pages = all.pages;
    all.orphans.forEach(orphan -> System.err.println("no threat is known of " + orphan));
    for (Path old : written()) {
      if (!pages.containsKey(HOME.relativize(old).toString())) {
        Files.delete(old);
      }
    }
    for (Map.Entry<String, String> page : pages.entrySet()) {
      Path file = HOME.resolve(page.getKey());
      Files.createDirectories(file.resolveSibling("."));
      Files.writeString(file, page.getValue());
    }
    System.out.println(pages.size() + " pages are written");
    System.exit(0);
  }

  /// The pages that stand there now.
  static List<Path> written() {
    return List.of("processes", "threats", "findings").stream().flatMap(folder -> Tree.files(HOME.resolve(folder), ".md").stream()).toList();
  }

  private String readme() {
    String now = Tree.text(HOME.resolve("README.md"));
    int begin = now.indexOf(BEGIN);
    int end = now.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new UncheckedIOException(new IOException("README.md has lost its marks for the findings"));
    }
    return now.substring(0, begin) + BEGIN + "\n\n" + index() + now.substring(end);
  }

  private String index() {
    var text = new StringBuilder("| process | ways in and out, boundaries, threats |\n| --- | --- |\n");
    for (Part part : Part.values()) {
      text.append("| %s | [processes/%s.md](processes/%s.md) |%n".formatted(part.page(), part.page(), part.page()));
    }
    text.append("\n| finding | what it was | other names | proofs |\n| --- | --- | --- | --- |\n");
    for (Threats.Row row : threats.values()) {
      if (row.isFinding()) {
        text.append("| [%s](findings/%s.md) | %s | %s | %s |%n".formatted(row.id(), row.id(), cell(row.text("threat")), String.join(", ", row.items("aka")), counted(ids(row))));
      }
    }
    text.append("\nAll other threats, with their proofs: ");
    text.append(pages.keySet().stream().filter(page -> page.startsWith("threats/")).map(page -> "[%s](%s)".formatted(page.substring(8, page.length() - 3), page)).collect(Collectors.joining(", ")));
    return text.append(".\n\n").toString();
  }

  private String counted(Set<String> ids) {
    return "%d tests, %d planted bugs, %d fuzz targets".formatted(proofs.testsOf(ids).size(), proofs.plantedOf(ids).size(), proofs.targetsOf(ids).size());
  }

  /// A finding is proved by what proves the row of its other name, too.
  Set<String> ids(Threats.Row row) {
    var ids = new TreeSet<>(Set.of(row.id()));
    row.items("aka").stream().filter(threats::containsKey).forEach(ids::add);
    return ids;
  }

  private String finding(Threats.Row row) {
    var text = new StringBuilder("# %s: %s%n%n".formatted(row.id(), row.text("threat")));
    String others = row.items("aka").stream().map(id -> threats.containsKey(id) ? "[%s](%s.md)".formatted(id, id) : id).collect(Collectors.joining(", "));
    text.append("- From: %s%s%n".formatted(row.text("surface"), others.isEmpty() ? "" : "; also " + others));
    text.append("- Class: %s%n%n".formatted(row.text("class")));
    text.append("## What would have happened here\n\n%s%n%n## What stops it%n%n%s%n%n".formatted(row.text("here"), row.text("control")));
    return text.append("## Proofs\n\n").append(proofs(ids(row))).toString();
  }

  private String group(String group, List<Threats.Row> rows) {
    var text = new StringBuilder("# %s: %s%n%n".formatted(group, rows.getFirst().text("surface")));
    text.append("| threat | what it is |\n| --- | --- |\n");
    rows.forEach(row -> text.append("| [%s](#%s) | %s |%n".formatted(row.id(), row.id().toLowerCase(java.util.Locale.ROOT), cell(row.text("threat")))));
    for (Threats.Row row : rows) {
      text.append("\n## %s\n\n- Threat: %s\n- Control: %s\n".formatted(row.id(), row.text("threat"), row.text("control")));
      if (row.waitsFor().isPresent()) {
        text.append("- Not proved: waits for %s\n".formatted(row.waitsFor().orElseThrow()));
      } else {
        text.append(bounds(row.id())).append('\n').append(proofs(Set.of(row.id())));
      }
    }
    return text.toString();
  }

  private static String bounds(String id) {
    var text = new StringBuilder();
    for (Bound bound : Bound.values()) {
      if (bound.id().equals(id)) {
        text.append("- `%s`: %s, %d %s, at most %d; beyond: %s%n".formatted(bound.key(), bound.what(), bound.standard(), bound.unit().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '), bound.most(), bound.breach()));
      }
    }
    return text.toString();
  }

  /// The commands first, then what they run.
  private String proofs(Set<String> ids) {
    var tests = proofs.testsOf(ids);
    var commands = new LinkedHashMap<String, Set<String>>();
    tests.forEach(test -> commands.computeIfAbsent(test.module() + " " + test.real(), _ -> new TreeSet<>()).add(test.simple()));
    var text = new StringBuilder("```\n");
    commands.forEach((where, classes) -> text.append(Proofs.command(where.split(" ", 2)[0], where.endsWith(" true"), classes)).append('\n'));
    var planted = proofs.plantedOf(ids);
    if (!planted.isEmpty()) {
      text.append("./fuzz/kill-table/run ").append(planted.stream().map(Proofs.Planted::id).collect(Collectors.joining(" "))).append('\n');
    }
    proofs.targetsOf(ids).forEach(name -> text.append("./fuzz/run ").append(name).append(" --seconds 60\n"));
    text.append("```\n\n| test | in |\n| --- | --- |\n");
    tests.forEach(test -> text.append("| `%s` | %s%s |%n".formatted(test.method().isEmpty() ? test.simple() : test.simple() + "." + test.method(), test.module(), test.real() ? ", with the programs of others" : "")));
    if (!planted.isEmpty()) {
      text.append("\n| planted bug | class | verdict | found by |\n| --- | --- | --- | --- |\n");
      planted.forEach(row -> text.append("| %s | %s | %s | %s |%n".formatted(row.id(), cell(row.what()), row.verdict(), cell(row.found()))));
    }
    Set<String> targets = proofs.targetsOf(ids);
    if (!targets.isEmpty()) {
      text.append("\n| fuzz target | an input that is accepted has to satisfy |\n| --- | --- |\n");
      targets.forEach(name -> text.append("| `%s` | %s |%n".formatted(name, proofs.targets.containsKey(name) ? cell(proofs.targets.get(name).oracle()) : "")));
    }
    return text.toString();
  }

  static String cell(String text) {
    return text.replace("|", "\\|");
  }

  /// Ids as words; the table of threats of each page has the links.
  String ids(Collection<String> ids) {
    return ids.isEmpty() ? "-" : String.join(", ", Threats.sorted(ids));
  }

  /// Links to threats, from a page one folder below.
  String links(Collection<String> ids) {
    return Threats.sorted(ids).stream().filter(threats::containsKey).map(this::link).collect(Collectors.joining(", "));
  }

  private String link(String id) {
    Threats.Row row = java.util.Objects.requireNonNull(threats.get(id));
    return row.isFinding() ? "[%s](../findings/%s.md)".formatted(id, id) : "[%s](../threats/%s.md#%s)".formatted(id, row.group(), id.toLowerCase(java.util.Locale.ROOT));
  }

  /// Remembers a way in or out without a threat.
  void require(Part part, String what, Set<String> ids) {
    if (ids.stream().noneMatch(threats::containsKey)) {
      orphans.add(part.page() + ": " + what);
    }
  }

}
