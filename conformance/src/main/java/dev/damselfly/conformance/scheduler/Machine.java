package dev.damselfly.conformance.scheduler;

import com.google.protobuf.Duration;
import dev.damselfly.api.wire.common.v2.Build;
import dev.damselfly.api.wire.common.v2.CPU;
import dev.damselfly.api.wire.common.v2.Disk;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Memory;
import dev.damselfly.api.wire.common.v2.Network;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Channel;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/// A host that the suite plays, with an identity of its own.
final class Machine {
  private static final long INTERVAL = 300;

  private final Stage stage;
  private final Channel channel;
  private final Host facts;

  Machine(Stage stage, Endpoint scheduler, String name, boolean seed, int port) {
    this.stage = stage;
    var own = stage.target().actors().credentials(seed ? Role.SEED_PEER : Role.PEER, name);
    this.channel = stage.wire().channel(name, scheduler, own);
    this.facts = facts(name, seed, port);
  }

  private Machine(Stage stage, Channel channel, Host facts) {
    this.stage = stage;
    this.channel = channel;
    this.facts = facts;
  }

  private static Host facts(String name, boolean seed, int port) {
    return Host.newBuilder()
        .setId("127.0.0.1-" + name + (seed ? "-seed" : ""))
        .setType(seed ? 1 : 0)
        .setHostname(name)
        .setIp("127.0.0.1")
        .setPort(port)
        .setDownloadPort(port)
        .setOs("linux")
        .setPlatform("linux")
        .setPlatformFamily("linux")
        .setCpu(CPU.newBuilder().setLogicalCount(2).setPhysicalCount(2))
        .setMemory(Memory.newBuilder().setTotal(8L << 30).setAvailable(4L << 30).setFree(4L << 30))
        .setNetwork(Network.newBuilder().setMaxRxBandwidth(10_000_000_000L).setMaxTxBandwidth(10_000_000_000L))
        .setDisk(Disk.newBuilder().setTotal(1L << 40).setFree(1L << 39))
        .setBuild(Build.newBuilder().setGitVersion("1.5.10").setGitCommit("unknown"))
        .build();
  }

  /// The same host saying something else about itself.
  Machine saying(UnaryOperator<Host.Builder> change) {
    return new Machine(stage, channel, change.apply(facts.toBuilder()).build());
  }

  Machine in(String idc, String location) {
    return saying(host -> host.setNetwork(host.getNetwork().toBuilder().setIdc(idc).setLocation(location)));
  }

  Host facts() {
    return facts;
  }

  String id() {
    return facts.getId();
  }

  SchedulerGrpc.SchedulerBlockingStub calls() {
    return SchedulerGrpc.newBlockingStub(channel).withDeadlineAfter(stage.patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  SchedulerGrpc.SchedulerStub streams() {
    return SchedulerGrpc.newStub(channel);
  }

  Machine announce() {
    return announce(INTERVAL);
  }

  Machine announce(long intervalSeconds) {
    calls()
        .announceHost(
            AnnounceHostRequest.newBuilder()
                .setHost(facts)
                .setInterval(Duration.newBuilder().setSeconds(intervalSeconds))
                .build());
    return this;
  }

  /// A fresh id of a peer on this host.
  String newPeerId() {
    return "127.0.0.1-" + facts.getHostname() + "-" + stage.uuid() + (facts.getType() == 1 ? "-seed" : "");
  }

  /// Opens a stream with these ids and says nothing yet.
  Announcement open(String taskId, String peerId) {
    return new Announcement(
        stage,
        streams(),
        AnnouncePeerRequest.newBuilder().setHostId(id()).setTaskId(taskId).setPeerId(peerId).build());
  }

  /// Opens a stream and registers a peer.
  Announcement register(Content content) {
    return open(content.taskId(), newPeerId())
        .send(
            AnnouncePeerRequest.newBuilder()
                .setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(content.download()))
                .build());
  }
}
