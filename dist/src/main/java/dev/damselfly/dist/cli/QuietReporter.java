package dev.damselfly.dist.cli;

import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetFinished;
import dev.damselfly.api.wire.local.v1.GetStarted;
import dev.damselfly.api.wire.local.v1.Progress;
import java.nio.file.Path;

/// Tells the end only.
record QuietReporter(Reporter end) implements Reporter {
  @Override
  public void started(GetStarted started) {
    end.started(started);
  }

  @Override
  public void progress(Progress progress) {
    // asked for with --no-progress
  }

  @Override
  public void finished(GetFinished finished, Path output) {
    end.finished(finished, output);
  }

  @Override
  public void failed(Failure failure) {
    end.failed(failure);
  }

  @Override
  public void clear() {
    end.clear();
  }
}
