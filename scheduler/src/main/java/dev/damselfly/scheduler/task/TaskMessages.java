package dev.damselfly.scheduler.task;

import com.google.protobuf.Timestamp;
import dev.damselfly.api.wire.common.v2.Host;
import java.time.Instant;

/// Tasks and peers as they go over the wire. Never carries request headers (S-SCH-5).
final class TaskMessages {
  private TaskMessages() {}

  static dev.damselfly.api.wire.common.v2.Task.Builder task(
      TaskKey key, TaskFacts facts, TaskSizes sizes, TaskState state) {
    var message =
        dev.damselfly.api.wire.common.v2.Task.newBuilder()
            .setId(key.id().value())
            .setType(facts.type())
            .setUrl(facts.url())
            .addAllFilteredQueryParams(facts.filteredQueryParams())
            .setContentLength(sizes.contentLength()) // unknown: -1, which reads as 2^64-1
            .setPieceCount(sizes.pieceCount())
            .setSizeScope(sizes.scope())
            .setState(state.wire());
    facts.digest().ifPresent(message::setDigest);
    facts.tag().ifPresent(message::setTag);
    facts.application().ifPresent(message::setApplication);
    return message;
  }

  /// A candidate for a child without an identity: the ports are those that take it.
  static dev.damselfly.api.wire.common.v2.Peer legacyParent(Peer peer, dev.damselfly.api.wire.common.v2.Task task) {
    var message = parent(peer, task).toBuilder();
    if (peer.spec.legacyPort() != 0) {
      message.getHostBuilder().setPort(peer.spec.legacyPort()).setDownloadPort(peer.spec.legacyPort());
    }
    return message.build();
  }

  /// The peer with its task and host, as candidates and StatPeer show it.
  static dev.damselfly.api.wire.common.v2.Peer parent(Peer peer, dev.damselfly.api.wire.common.v2.Task task) {
    var message =
        dev.damselfly.api.wire.common.v2.Peer.newBuilder()
            .setId(peer.id())
            .setPriority(peer.spec.priority())
            .setCost(
                com.google.protobuf.Duration.newBuilder()
                    .setSeconds(peer.cost.toSeconds())
                    .setNanos(peer.cost.toNanosPart()))
            .setState(peer.state.wire())
            .setTask(task)
            .setHost(host(peer.host().announced().message()))
            .setNeedBackToSource(peer.needBackToSource)
            .setCreatedAt(timestamp(peer.createdAt))
            .setUpdatedAt(timestamp(peer.updatedAt))
            .setConcurrentPieceCount(peer.spec.slots());
    peer.spec.range().ifPresent(message::setRange);
    return message.build();
  }

  static Timestamp timestamp(Instant at) {
    return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
  }

  private static Host host(Host announced) {
    var host = announced.toBuilder().clearName().clearDisableShared().clearSchedulerClusterId();
    if (host.hasCpu()) {
      host.getCpuBuilder().clearCgroup();
    }
    if (host.hasMemory()) {
      host.getMemoryBuilder().clearCgroup();
    }
    if (host.hasDisk()) {
      host.getDiskBuilder().clearCgroup();
    }
    if (host.hasBuild()) {
      host.getBuildBuilder().clearRustVersion();
    }
    return host.build();
  }
}
