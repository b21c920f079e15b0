package dev.damselfly.conformance.report;

import dev.damselfly.conformance.suite.Profile;
import dev.damselfly.conformance.suite.Result;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A finished run.
///
/// @param target name of the program under test
/// @param replay command that runs one case again, with `%s` for the transcript file
public record Summary(String version, String target, Profile profile, long seed, String replay, List<Result> results) {
  public Summary {
    results = List.copyOf(results);
  }

  /// Number of results by outcome.
  public Map<String, Integer> counts() {
    var counts = new TreeMap<String, Integer>();
    results.forEach(result -> counts.merge(result.outcome().text(), 1, Integer::sum));
    return counts;
  }

  /// What may be said of the program: conformant, incomplete (parts are unsupported), not conformant, or not judged.
  public String claim() {
    if (results.stream().anyMatch(result -> result.isSurprise() || result.isUnexpectedPass())) {
      return "not conformant";
    }
    if (counts().containsKey("error")) {
      return "not judged";
    }
    return counts().containsKey("unsupported") || counts().containsKey("failed") ? "incomplete" : "conformant";
  }

  /// 0 when nothing failed that was not expected to, 1 when something did, 3 when something could not be judged.
  public int exitCode() {
    return switch (claim()) {
      case "not conformant" -> 1;
      case "not judged" -> 3;
      default -> 0;
    };
  }

  /// Name of the transcript file of a result.
  public static String transcriptName(Result result) {
    return result.which().id().replace('/', '_') + ".jsonl";
  }
}
