package dev.damselfly.peer.download;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.local.v1.ExplainReply;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import java.util.List;
import java.util.Optional;

/// Tells where the bytes of a task came from and what they were verified against (D11). Thread-safe.
public final class Explain {
  private static final int MAX_ROWS = 256;

  private final PieceStore store;

  public Explain(PieceStore store) {
    this.store = store;
  }

  /// @param subject a task id, or the label of an earlier download
  /// @throws Refused TASK_UNKNOWN
  public ExplainReply of(String subject) {
    StoredTask task =
        taskId(subject)
            .or(() -> store.notes().byLabel(subject))
            .flatMap(id -> store.find(id, false).or(() -> store.find(id, true)))
            .orElseThrow(() -> new Refused(Reason.TASK_UNKNOWN, "daemon: it holds no content of this name"));
    List<PieceRecord> pieces = task.records();
    var reply =
        ExplainReply.newBuilder()
            .setTaskId(task.id().value())
            .setUrl(task.tuple().displayUrl())
            .addAllVerifiedAgainst(Finish.verifiedAgainst(store.notes().of(task).getOrDefault(Finish.DIGEST_NOTE, ""), pieces));
    task.facts()
        .ifPresent(
            facts -> {
              facts.contentLength().ifPresent(reply::setContentLength);
              reply.setPieceLength(facts.pieceLength());
            });
    addRows(reply, pieces);
    return reply.build();
  }

  private static Optional<TaskId> taskId(String subject) {
    try {
      return Optional.of(new TaskId(subject));
    } catch (InvalidValue notAnId) {
      return Optional.empty();
    }
  }

  private static void addRows(ExplainReply.Builder reply, List<PieceRecord> pieces) {
    ExplainReply.Row.Builder run = null;
    for (PieceRecord piece : pieces) {
      ExplainReply.Row.Builder row = row(piece);
      if (run != null && continues(run, row)) {
        run.setLast(row.getLast()).setAtMillis(Math.max(run.getAtMillis(), row.getAtMillis()));
        continue;
      }
      if (run != null) {
        reply.addRows(run);
      }
      run = row;
      if (reply.getRowsCount() >= MAX_ROWS) {
        return;
      }
    }
    if (run != null) {
      reply.addRows(run);
    }
  }

  private static boolean continues(ExplainReply.Row.Builder run, ExplainReply.Row.Builder next) {
    return run.getLast() + 1 == next.getFirst()
        && run.getSource().equals(next.getSource())
        && run.getWhy().equals(next.getWhy())
        && run.getVerifiedAgainst().equals(next.getVerifiedAgainst())
        && run.getGrant().equals(next.getGrant())
        && run.getLease().equals(next.getLease());
  }

  private static ExplainReply.Row.Builder row(PieceRecord piece) {
    var row =
        ExplainReply.Row.newBuilder()
            .setFirst(piece.number().value())
            .setLast(piece.number().value())
            .setVerifiedAgainst(piece.verifiedAgainst())
            .setAtMillis(piece.at().toEpochMilli());
    return switch (piece.source()) {
      case PieceSource.Origin origin -> row
          .setSource("origin")
          .setWhy(origin.leaseId() == 0 ? "no scheduler was there to give a lease" : "leased by the scheduler")
          .setLease(origin.leaseId() == 0 ? "" : Long.toUnsignedString(origin.leaseId()));
      case PieceSource.Parent parent -> row.setSource(parent.spiffeId()).setWhy(parent.why()).setGrant(parent.grant());
      case PieceSource.Legacy legacy -> row
          .setSource("legacy " + legacy.address())
          .setWhy("no identity, no TLS: unverified until the digest of the whole content proved it");
    };
  }
}
