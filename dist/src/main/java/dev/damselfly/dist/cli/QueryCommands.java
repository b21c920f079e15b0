package dev.damselfly.dist.cli;

import dev.damselfly.api.wire.local.v1.ExplainReply;
import dev.damselfly.api.wire.local.v1.ExplainRequest;
import dev.damselfly.api.wire.local.v1.LimitsReply;
import dev.damselfly.api.wire.local.v1.LimitsRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StatusReply;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import dev.damselfly.api.wire.local.v1.StopRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.regex.Pattern;

/// Commands that ask the daemon one question and print its answer.
final class QueryCommands {
  /// As the registry mirror names what it fetched.
  private static final Pattern BLOB = Pattern.compile("[^/]+/blob:.+@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})");


  private final Daemon daemon;
  private final PrintStream out;
  private final Flags flags;

  QueryCommands(Daemon daemon, PrintStream out, Flags flags) {
    this.daemon = daemon;
    this.out = out;
    this.flags = flags;
  }

  ExitCode run(String command) throws CommandFailed {
    var request = LocalRequest.newBuilder();
    switch (command) {
      case "status" -> request.setStatus(StatusRequest.getDefaultInstance());
      case "limits" -> request.setLimits(LimitsRequest.getDefaultInstance());
      case "down" -> request.setStop(StopRequest.getDefaultInstance());
      case "explain" -> request.setExplain(ExplainRequest.newBuilder().setSubject(subject()));
      default -> throw new IllegalStateException(command);
    }
    if (command.equals("down") && daemon.tryConnect().isEmpty()) {
      out.println("nothing was running");
      return ExitCode.OK;
    }
    LocalReply reply = ask(request);
    switch (reply.getReplyCase()) {
      case STATUS -> status(reply.getStatus());
      case LIMITS -> limits(reply.getLimits());
      case EXPLAIN -> explain(reply.getExplain());
      case STOPPED -> out.println("stopped");
      case FAILURE -> {
        System.err.println("damselfly: " + reply.getFailure().getMessage());
        return GetCommand.codeOf(reply.getFailure());
      }
      default -> throw new CommandFailed(ExitCode.FAILED, "the daemon sent an unexpected reply");
    }
    return ExitCode.OK;
  }

  private LocalReply ask(LocalRequest.Builder request) throws CommandFailed {
    try (var connection = daemon.connect()) {
      connection.send(request);
      return connection.receive();
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.UNAVAILABLE, "the daemon went away");
    }
  }

  private String subject() throws CommandFailed {
    if (flags.words().size() != 1) {
      throw new CommandFailed(ExitCode.USAGE, "explain takes one FILE of an earlier get, one task id, or one blob of the registry mirror");
    }
    String word = flags.words().getFirst();
    return word.matches("[0-9a-f]{64}") || BLOB.matcher(word).matches() ? word : Path.of(word).toAbsolutePath().normalize().toString();
  }

  private void status(StatusReply status) {
    if (flags.on("json")) {
      status.getComponentsList().forEach(c -> out.println(new JsonLine("component").text("role", c.getRole())
          .text("spiffe_id", c.getSpiffeId()).text("address", c.getAddress()).text("health", c.getHealth()).text("detail", c.getDetail()).end()));
      status.getTasksList().forEach(t -> out.println(new JsonLine("task").text("task_id", t.getTaskId()).text("url", t.getUrl())
          .text("state", t.getState()).number("pieces_held", t.getPiecesHeld()).number("piece_count", t.getPieceCount()).end()));
      out.println(new JsonLine("store").number("bytes", status.getStoreBytes()).number("quota_bytes", status.getStoreQuotaBytes()).end());
      return;
    }
    for (var c : status.getComponentsList()) {
      out.printf("%-10s %-8s %-22s %s%s%n", c.getRole(), c.getHealth(), c.getAddress(), c.getSpiffeId(),
          c.getDetail().isEmpty() ? "" : "  " + c.getDetail());
    }
    out.println("store      " + Sizes.bytes(status.getStoreBytes()) + " of " + Sizes.bytes(status.getStoreQuotaBytes()));
    for (var t : status.getTasksList()) {
      String size = t.hasContentLength() ? Sizes.bytes(t.getContentLength()) : "size unknown";
      out.printf("task       %s  %-9s %4d/%-4d %-10s %s%n", t.getTaskId().substring(0, Math.min(12, t.getTaskId().length())),
          t.getState(), t.getPiecesHeld(), t.getPieceCount(), size, t.getUrl());
    }
  }

  private void limits(LimitsReply limits) {
    for (var row : limits.getRowsList()) {
      if (flags.on("json")) {
        out.println(new JsonLine("limit").text("id", row.getId()).text("what", row.getWhat()).text("value", row.getValue())
            .text("hard_maximum", row.getHardMaximum()).text("on_breach", row.getOnBreach()).end());
      } else {
        out.printf("%-6s %-52s %-16s max %-16s %s%n", row.getId(), row.getWhat(), row.getValue(), row.getHardMaximum(), row.getOnBreach());
      }
    }
  }

  private void explain(ExplainReply e) {
    if (flags.on("json")) {
      e.getRowsList().forEach(r -> out.println(new JsonLine("pieces").number("first", r.getFirst()).number("last", r.getLast())
          .text("source", r.getSource()).text("why", r.getWhy()).text("verified_against", r.getVerifiedAgainst())
          .text("grant", r.getGrant()).text("lease", r.getLease()).number("at_millis", r.getAtMillis()).end()));
      return;
    }
    out.println("task      " + e.getTaskId());
    out.println("url       " + e.getUrl());
    out.println("size      " + (e.hasContentLength() ? Sizes.bytes(e.getContentLength()) : "unknown")
        + " in pieces of " + Sizes.bytes(e.getPieceLength()));
    e.getVerifiedAgainstList().forEach(line -> out.println("verified  " + line));
    for (var r : e.getRowsList()) {
      String range = r.getFirst() == r.getLast() ? "piece " + r.getFirst() : "pieces " + r.getFirst() + ".." + r.getLast();
      out.println();
      out.println(range + "  from " + r.getSource() + "  at " + Instant.ofEpochMilli(r.getAtMillis()));
      line("why", r.getWhy());
      line("verified", r.getVerifiedAgainst());
      line("grant", r.getGrant());
      line("lease", r.getLease());
    }
  }

  private void line(String name, String value) {
    if (!value.isEmpty()) {
      out.printf("  %-9s %s%n", name, value);
    }
  }
}
