package dev.damselfly.conformance.report;

import static dev.damselfly.conformance.report.Markup.escape;

import dev.damselfly.conformance.suite.Outcome;
import dev.damselfly.conformance.suite.Result;
import java.util.Locale;

/// The run as a JUnit report. Expected failures are skipped there, unexpected passes are failures.
final class JunitXml {
  private JunitXml() {}

  static String of(Summary summary) {
    long failures = summary.results().stream().filter(result -> result.isSurprise() || result.isUnexpectedPass()).count();
    long errors = summary.results().stream().filter(result -> result.outcome() instanceof Outcome.Broken).count();
    var xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.append(
        "<testsuite name=\"dfconf %s\" tests=\"%d\" failures=\"%d\" errors=\"%d\">\n"
            .formatted(escape(summary.profile().text() + " " + summary.target()), summary.results().size(), failures, errors));
    summary.results().forEach(result -> xml.append(one(result)));
    return xml.append("</testsuite>\n").toString();
  }

  private static String one(Result result) {
    String head =
        String.format(
            Locale.ROOT,
            "  <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\"",
            escape(result.which().role().text()),
            escape(result.which().id() + " " + result.which().title()),
            result.took().toMillis() / 1000.0);
    String inner = inner(result);
    return inner.isEmpty() ? head + "/>\n" : head + ">\n    " + inner + "\n  </testcase>\n";
  }

  private static String inner(Result result) {
    if (result.isUnexpectedPass()) {
      return "<failure message=\"passed, but is listed as an expected failure\"/>";
    }
    return switch (result.outcome()) {
      case Outcome.Passed _ -> "";
      case Outcome.Unsupported(String need) -> "<skipped message=\"needs %s\"/>".formatted(escape(need));
      case Outcome.Broken(String text) -> "<error message=\"%s\"/>".formatted(escape(text));
      case Outcome.Failed(String rule, String expected, String seen) ->
          result.isSurprise()
              ? "<failure message=\"%s\">expected %s, saw %s</failure>".formatted(escape(rule), escape(expected), escape(seen))
              : "<skipped message=\"expected: %s\"/>".formatted(escape(result.expectedReason().orElse("not required")));
    };
  }
}
