package dev.damselfly.dist.cli;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.common.v2.SchedulingPolicy;
import dev.damselfly.api.wire.common.v2.TaskType;
import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import java.io.IOException;
import java.nio.file.Path;

/// `damselfly get`: asks the daemon for content, and writes it with the caller's own rights.
final class GetCommand {
  private final Flags flags;
  private final Daemon daemon;
  private final Reporter reporter;
  private final long begin = System.nanoTime();

  GetCommand(Flags flags, Daemon daemon, Reporter reporter) {
    this.flags = flags;
    this.daemon = daemon;
    this.reporter = reporter;
  }

  ExitCode run() throws CommandFailed {
    if (flags.words().size() != 1) {
      throw new CommandFailed(ExitCode.USAGE, "get takes exactly one URL");
    }
    Path output =
        flags.text("output").map(Path::of).orElseThrow(() -> new CommandFailed(ExitCode.USAGE, "--output FILE is required"));
    var request = request(flags.words().getFirst(), output.toAbsolutePath().normalize());
    try (var file = OutputFile.create(output, flags.on("overwrite"))) {
      var cleanup = Thread.ofPlatform().unstarted(file::close);
      Runtime.getRuntime().addShutdownHook(cleanup);
      try (var connection = daemon.connectOrStart(flags.all("allow-origin"))) {
        connection.send(request);
        return receive(connection, file);
      } catch (IOException e) {
        reporter.clear();
        throw new CommandFailed(ExitCode.UNAVAILABLE, "the daemon went away in the middle; try again, what was verified is kept");
      } finally {
        forget(cleanup);
      }
    }
  }

  private static void forget(Thread cleanup) {
    try {
      Runtime.getRuntime().removeShutdownHook(cleanup);
    } catch (IllegalStateException e) {
      // the process is being interrupted: the hook has removed the part file
    }
  }

  private ExitCode receive(DaemonConnection connection, OutputFile file) throws IOException, CommandFailed {
    while (true) {
      LocalReply reply = connection.receive();
      switch (reply.getReplyCase()) {
        case STARTED -> reporter.started(reply.getStarted());
        case PROGRESS -> reporter.progress(reply.getProgress());
        case CONTENT ->
            connection.copyContent(file.channel(), reply.getContent().getOffset(), reply.getContent().getLength());
        case FINISHED -> {
          file.publish();
          long millis = (System.nanoTime() - begin) / 1_000_000; // what the user waited, writing included
          reporter.finished(reply.getFinished().toBuilder().setElapsedMillis(millis).build(), file.target());
          return ExitCode.OK;
        }
        case FAILURE -> {
          reporter.failed(reply.getFailure());
          return codeOf(reply.getFailure());
        }
        default -> throw new IOException("the daemon sent an unexpected reply");
      }
    }
  }

  static ExitCode codeOf(Failure failure) {
    for (Reason reason : Reason.values()) {
      if (reason.name().equals(failure.getReason())) {
        return ExitCode.of(reason);
      }
    }
    return ExitCode.FAILED;
  }

  private LocalRequest.Builder request(String url, Path output) throws CommandFailed {
    var download =
        Download.newBuilder()
            .setUrl(url)
            .setType(TaskType.STANDARD)
            .setPriority(priority())
            .setTag(flags.text("tag").orElse(""))
            .setApplication(flags.text("application").orElse(""))
            .addAllFilteredQueryParams(
                flags.all("filtered-query-param").isEmpty() ? GetFlags.DEFAULT_FILTER : flags.all("filtered-query-param"))
            .putAllRequestHeader(Headers.read(flags.all("header")))
            .setDisableBackToSource(flags.on("disable-back-to-source"))
            .setNeedPieceContent(true)
            .setSchedulingPolicy(schedulingPolicy());
    flags.text("digest").ifPresent(download::setDigest);
    flags.text("content-for-calculating-task-id").ifPresent(download::setContentForCalculatingTaskId);
    if (flags.text("piece-length").isPresent()) {
      download.setPieceLength(Amounts.bytes("--piece-length", flags.text("piece-length").get()));
    }
    int timeout = (int) Amounts.seconds("--timeout", flags.text("timeout").orElse("2h"));
    return LocalRequest.newBuilder()
        .setGet(GetRequest.newBuilder().setDownload(download).setTimeoutSeconds(timeout).setOutputLabel(output.toString()));
  }

  private Priority priority() throws CommandFailed {
    String text = flags.text("priority").orElse("6");
    Priority priority = text.length() == 1 && Character.isDigit(text.charAt(0)) ? Priority.forNumber(text.charAt(0) - '0') : null;
    if (priority == null) {
      throw new CommandFailed(ExitCode.USAGE, "--priority must be 0 to 6");
    }
    return priority;
  }

  private SchedulingPolicy schedulingPolicy() throws CommandFailed {
    return switch (flags.text("scheduling-policy").orElse("auto")) {
      case "auto" -> SchedulingPolicy.AUTO;
      case "always" -> SchedulingPolicy.ALWAYS;
      default -> throw new CommandFailed(ExitCode.USAGE, "--scheduling-policy must be auto or always");
    };
  }
}
