package dev.damselfly.conformance.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.damselfly.conformance.link.Transcript;
import dev.damselfly.conformance.suite.Outcome;
import dev.damselfly.conformance.suite.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes the files of a run into one directory.
public final class Reports {
  private static final int SCHEMA = 1;
  private static final ObjectMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final ObjectMapper LINE = JsonMapper.builder().build();

  private Reports() {}

  public static void write(Summary summary, Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("result.json"), JSON.writeValueAsString(json(summary)) + "\n");
    Files.writeString(directory.resolve("junit.xml"), JunitXml.of(summary));
    Files.writeString(directory.resolve("report.html"), HtmlPage.of(summary));
    for (Result result : summary.results()) {
      if (result.outcome() instanceof Outcome.Failed || result.outcome() instanceof Outcome.Broken) {
        transcript(summary, result, directory);
      }
    }
  }

  private static Map<String, Object> json(Summary summary) {
    var cases = new ArrayList<Map<String, Object>>();
    summary.results().forEach(result -> cases.add(json(result)));
    var root = new LinkedHashMap<String, Object>();
    root.put("schema", SCHEMA);
    root.put("suite", "dfconf " + summary.version());
    root.put("target", summary.target());
    root.put("profile", summary.profile().text());
    root.put("seed", summary.seed());
    root.put("claim", summary.claim());
    root.put("counts", summary.counts());
    root.put("cases", cases);
    return root;
  }

  private static Map<String, Object> json(Result result) {
    var row = new LinkedHashMap<String, Object>();
    row.put("id", result.which().id());
    row.put("behaviour", result.which().behaviour());
    row.put("level", result.which().level().text());
    row.put("role", result.which().role().text());
    row.put("clause", result.which().clause());
    row.put("title", result.which().title());
    row.put("outcome", result.outcome().text());
    switch (result.outcome()) {
      case Outcome.Failed failed -> {
        row.put("rule", failed.rule());
        row.put("expected", failed.expected());
        row.put("seen", failed.seen());
        row.put("transcript", Summary.transcriptName(result));
      }
      case Outcome.Broken broken -> row.put("error", broken.text());
      case Outcome.Unsupported unsupported -> row.put("needs", unsupported.need());
      case Outcome.Passed _ -> {}
    }
    result.expectedReason().ifPresent(reason -> row.put("expected-failure", reason));
    row.put("millis", result.took().toMillis());
    return row;
  }

  private static void transcript(Summary summary, Result result, Path directory) throws IOException {
    Path file = directory.resolve(Summary.transcriptName(result));
    var head = new LinkedHashMap<String, Object>();
    head.put("dfconf", SCHEMA);
    head.put("case", result.which().id());
    head.put("profile", summary.profile().text());
    head.put("seed", summary.seed());
    var text = new StringBuilder(LINE.writeValueAsString(head)).append('\n');
    for (Transcript.Entry entry : result.transcript()) {
      text.append(LINE.writeValueAsString(entry)).append('\n');
    }
    Files.writeString(file, text.toString());
  }
}
