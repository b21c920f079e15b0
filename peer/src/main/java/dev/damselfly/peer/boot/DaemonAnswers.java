package dev.damselfly.peer.boot;

import dev.damselfly.api.wire.local.v1.ExplainReply;
import dev.damselfly.api.wire.local.v1.LimitsReply;
import dev.damselfly.api.wire.local.v1.StatusReply;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.peer.block.BlockLists;
import dev.damselfly.peer.control.LocalAnswers;
import dev.damselfly.peer.discover.HostSelf;
import dev.damselfly.peer.discover.Schedulers;
import dev.damselfly.peer.download.Explain;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// What this daemon says about itself. Thread-safe.
record DaemonAnswers(
    PieceStore store,
    long quotaBytes,
    IdentitySource identity,
    InstantSource clock,
    HostSelf self,
    Schedulers schedulers,
    Limits limitsTable,
    BlockLists blocks,
    Surroundings surroundings)
    implements LocalAnswers {
  private static final int MAX_TASKS = 1000;

  /// What lies outside of the peer.
  ///
  /// @param others further components of the same process, for the embedded stack
  /// @param stopping ends the process
  record Surroundings(Supplier<List<StatusReply.Component>> others, Runnable stopping) {}

  @Override
  public StatusReply status() {
    var reply =
        StatusReply.newBuilder()
            .addAllComponents(surroundings.others().get())
            .addComponents(own())
            .setStoreBytes(store.usedBytes())
            .setStoreQuotaBytes(quotaBytes);
    schedulers
        .all()
        .forEach(
            node ->
                reply.addComponents(
                    StatusReply.Component.newBuilder()
                        .setRole("scheduler")
                        .setAddress(node.address().toString())
                        .setHealth("ok")
                        .setDetail("in use as " + node.hostname())));
    store.tasks().stream().limit(MAX_TASKS).map(DaemonAnswers::row).forEach(reply::addTasks);
    return reply.build();
  }

  private StatusReply.Component own() {
    IdentitySnapshot svid = identity.current();
    Duration left = Duration.between(clock.instant(), svid.notAfter());
    boolean lost = schedulers.all().isEmpty();
    Optional<String> trouble = lost ? Optional.of("no scheduler answers") : blocks.trouble();
    String health = left.isNegative() || trouble.isPresent() ? "red" : "ok";
    String served = trouble.orElse("SVID for " + left.toMinutes() + " min");
    String detail = left.isNegative() ? "the SVID has expired or was taken back" : served;
    return StatusReply.Component.newBuilder()
        .setRole(self.seed() ? "seed-peer" : "peer")
        .setSpiffeId(svid.id().toString())
        .setAddress(self.ip() + ":" + self.rpcPort())
        .setHealth(health)
        .setDetail(detail)
        .build();
  }

  private static StatusReply.TaskRow row(StoredTask task) {
    var row =
        StatusReply.TaskRow.newBuilder()
            .setTaskId(task.id().value())
            .setUrl(task.tuple().displayUrl())
            .setPiecesHeld(task.records().size())
            .setState(task.complete() ? "complete" : "partial");
    task.facts()
        .ifPresent(
            facts -> {
              facts.contentLength().ifPresent(row::setContentLength);
              facts.layout().ifPresent(layout -> row.setPieceCount(layout.count()));
            });
    return row.build();
  }

  @Override
  public ExplainReply explain(String subject) {
    return new Explain(store).of(subject);
  }

  @Override
  public LimitsReply limits() {
    var reply = LimitsReply.newBuilder();
    limitsTable
        .rows()
        .forEach(
            row ->
                reply.addRows(
                    LimitsReply.Row.newBuilder()
                        .setId(row.id())
                        .setWhat(row.what())
                        .setValue(row.value())
                        .setHardMaximum(row.hardMaximum())
                        .setOnBreach(row.breach())));
    return reply.build();
  }

  @Override
  public void stop() {
    surroundings.stopping().run();
  }
}
