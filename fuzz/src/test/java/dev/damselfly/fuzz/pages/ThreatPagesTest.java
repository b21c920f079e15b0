package dev.damselfly.fuzz.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The pages of the threat model say what is so today, and leave nothing out.
class ThreatPagesTest {
  private static final ThreatPages PAGES = new ThreatPages();
  private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+\\.md)(?:#([^)]*))?\\)");

  @Test
  void pages_areThoseOfToday() {
    var standing = new TreeMap<String, String>();
    ThreatPages.written().forEach(file -> standing.put(ThreatPages.HOME.relativize(file).toString(), Tree.text(file)));
    standing.put("README.md", Tree.text(ThreatPages.HOME.resolve("README.md")));
    var stale = new TreeSet<>(standing.keySet());
    stale.addAll(PAGES.pages.keySet());
    stale.removeIf(page -> standing.getOrDefault(page, "").equals(PAGES.pages.get(page)));

    assertThat(stale).as("pages that `" + ThreatPages.COMMAND + "` would write, change or remove").isEmpty();
  }

  @Test
  void everyEntryPoint_hasAThreat() {
    assertThat(PAGES.orphans).isEmpty();
  }

  @Test
  void everyFinding_saysWhatWouldHaveHappened_andHasProofs() {
    for (Threats.Row row : PAGES.threats.values()) {
      if (row.isFinding()) {
        assertThat(row.keys().keySet()).as(row.id()).contains("class", "here").doesNotContain("waits_for");
        assertThat(PAGES.proofs.testsOf(PAGES.ids(row))).as(row.id()).isNotEmpty();
      }
    }
  }

  @Test
  void everyThreatThatIsProved_isOnThePageOfAProcess() {
    String processes = PAGES.pages.entrySet().stream().filter(page -> page.getKey().startsWith("processes/")).map(page -> page.getValue()).collect(Collectors.joining());
    var lost = new TreeSet<String>();
    for (Threats.Row row : PAGES.threats.values()) {
      if (row.waitsFor().isEmpty() && !processes.contains("[" + row.id() + "](")) {
        lost.add(row.id());
      }
    }

    assertThat(lost).isEmpty();
  }

  @Test
  void everyTestAndInput_namesKnownThreats() {
    var known = PAGES.threats.keySet();

    assertThat(PAGES.proofs.tests).hasSizeGreaterThan(200).allSatisfy(test -> assertThat(known).as(test.type()).containsAll(test.threats()));
    assertThat(PAGES.proofs.planted).hasSizeGreaterThan(40).allSatisfy(row -> assertThat(known).as(row.id()).containsAll(row.threats()));
    assertThat(PAGES.proofs.inputs.values()).allSatisfy(input -> assertThat(known).as(input.name()).containsAll(input.threats()));
  }

  @Test
  void everyLink_leadsSomewhere() {
    for (var page : PAGES.pages.entrySet()) {
      var links = LINK.matcher(page.getValue());
      while (links.find()) {
        var file = ThreatPages.HOME.resolve(page.getKey()).resolveSibling(links.group(1)).normalize();
        String text = PAGES.pages.getOrDefault(ThreatPages.HOME.normalize().relativize(file).toString(), file.toFile().exists() ? Tree.text(file) : "");
        assertThat(text).as(page.getKey() + " to " + links.group()).isNotEmpty();
        if (links.group(2) != null) {
          assertThat(text.toLowerCase(java.util.Locale.ROOT)).as(page.getKey() + " to " + links.group()).contains("## " + links.group(2));
        }
      }
    }
  }
}
