package dev.damselfly.dist.cli;

import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetFinished;
import dev.damselfly.api.wire.local.v1.GetStarted;
import dev.damselfly.api.wire.local.v1.Progress;
import java.io.PrintStream;
import java.nio.file.Path;

/// For programs: one JSON object a line on standard output, `event` first.
final class JsonReporter implements Reporter {
  private final PrintStream out;

  JsonReporter(PrintStream out) {
    this.out = out;
  }

  @Override
  public void started(GetStarted s) {
    var json = new JsonLine("started").text("task_id", s.getTaskId());
    if (s.hasContentLength()) {
      json.number("content_length", s.getContentLength());
    }
    out.println(json.end());
  }

  @Override
  public void progress(Progress p) {
    var json = new JsonLine("progress").number("bytes_done", p.getBytesDone());
    if (p.hasBytesTotal()) {
      json.number("bytes_total", p.getBytesTotal());
    }
    out.println(
        json.number("from_origin", p.getFromOrigin())
            .number("from_peers", p.getFromPeers())
            .number("from_cache", p.getFromCache())
            .number("from_legacy", p.getFromLegacy())
            .number("parents", p.getParents())
            .end());
  }

  @Override
  public void finished(GetFinished f, Path output) {
    out.println(
        new JsonLine("finished")
            .text("output", output.toString())
            .text("task_id", f.getTaskId())
            .number("content_length", f.getContentLength())
            .number("elapsed_millis", f.getElapsedMillis())
            .number("from_origin", f.getFromOrigin())
            .number("from_peers", f.getFromPeers())
            .number("from_cache", f.getFromCache())
            .number("from_legacy", f.getFromLegacy())
            .number("parents", f.getParents())
            .texts("verified_against", f.getVerifiedAgainstList())
            .text("content_digest", f.getContentDigest())
            .end());
  }

  @Override
  public void failed(Failure f) {
    out.println(
        new JsonLine("failed")
            .text("reason", f.getReason())
            .text("hop", f.getHop())
            .text("message", f.getMessage())
            .number("origin_status", f.getOriginStatus())
            .end());
  }

  @Override
  public void clear() {
    // lines are whole at all times
  }
}
