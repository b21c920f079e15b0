package dev.damselfly.conformance.report;

import static dev.damselfly.conformance.report.Markup.escape;

import dev.damselfly.conformance.suite.Outcome;
import dev.damselfly.conformance.suite.Result;

/// The run as one page that needs nothing else.
final class HtmlPage {
  private static final String STYLE =
      """
      body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#222;background:#fff}
      table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
      code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}.passed{color:#17692f}.failed,.error{color:#a31515;font-weight:600}
      .unsupported{color:#666}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#666}dd{margin:0}
      @media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}td,th{border-color:#333}.passed{color:#6fcf8b}.failed,.error{color:#ff8a80}.unsupported,dt{color:#999}}
      """;

  private HtmlPage() {}

  static String of(Summary summary) {
    var rows = new StringBuilder();
    summary.results().forEach(result -> rows.append(row(result)));
    return """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>dfconf: %1$s</title><style>%2$s</style></head><body>
        <h1>%1$s: %3$s</h1>
        <dl><dt>Profile</dt><dd>%4$s</dd><dt>Suite</dt><dd>dfconf %5$s</dd><dt>Seed</dt><dd>%6$d</dd><dt>Cases</dt><dd>%7$s</dd></dl>
        <table><thead><tr><th>Case</th><th>Row</th><th>Level</th><th>Clause</th><th>Result</th></tr></thead><tbody>
        %8$s</tbody></table>
        </body></html>
        """
        .formatted(
            escape(summary.target()),
            STYLE,
            escape(summary.claim()),
            escape(summary.profile().text()),
            escape(summary.version()),
            summary.seed(),
            escape(summary.counts().toString().replaceAll("[{}]", "")),
            rows);
  }

  private static String row(Result result) {
    var one = result.which();
    return "<tr><td><code>%s</code><br>%s</td><td>%s</td><td>%s</td><td>%s</td><td><span class=\"%s\">%s</span>%s</td></tr>\n"
        .formatted(
            escape(one.id()),
            escape(one.title()),
            escape(one.behaviour()),
            escape(one.level().text()),
            escape(one.clause()),
            result.outcome().text(),
            result.outcome().text(),
            detail(result));
  }

  private static String detail(Result result) {
    String note = result.expectedReason().map(reason -> "<br>expected: " + escape(reason)).orElse("");
    return switch (result.outcome()) {
      case Outcome.Passed _ -> result.isUnexpectedPass() ? "<br>is listed as an expected failure" : "";
      case Outcome.Unsupported(String need) -> "<br>needs " + escape(need);
      case Outcome.Broken(String text) -> "<br>" + escape(text);
      case Outcome.Failed(String rule, String expected, String seen) ->
          "<br>%s<br>expected <code>%s</code><br>saw <code>%s</code><br>transcript <code>%s</code>%s"
              .formatted(escape(rule), escape(expected), escape(seen), escape(Summary.transcriptName(result)), note);
    };
  }
}
