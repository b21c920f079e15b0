package dev.damselfly.dist.cli;

import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetFinished;
import dev.damselfly.api.wire.local.v1.GetStarted;
import dev.damselfly.api.wire.local.v1.Progress;
import java.nio.file.Path;

/// Tells the progress and the end of a download: a bar on a terminal, plain lines without one, JSON for programs.
interface Reporter {
  void started(GetStarted started);

  void progress(Progress progress);

  void finished(GetFinished finished, Path output);

  void failed(Failure failure);

  /// Ends a line that is being redrawn, before anything else prints.
  void clear();
}
