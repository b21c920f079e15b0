package dev.damselfly.conformance.peer;

import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.Dialog;
import dev.damselfly.conformance.counterpart.Origin;
import dev.damselfly.conformance.counterpart.ScriptedManager;
import dev.damselfly.conformance.counterpart.ScriptedScheduler;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Probe;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import dev.damselfly.conformance.target.Running;
import io.grpc.Channel;
import io.grpc.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// A fresh peer under test with manager, schedulers and origin around it.
record PeerSite(Stage stage, ScriptedManager manager, List<ScriptedScheduler> schedulers, Origin origin, Running peer) {
  static final int PIECE = 4 << 20;
  /// Three pieces, the last of one byte.
  static final long NORMAL = 2L * PIECE + 1;
  static final long SMALL = 1 << 10;

  static PeerSite open(Stage stage, long length) throws IOException, InterruptedException {
    return open(stage, length, 1);
  }

  static PeerSite open(Stage stage, long length, int count) throws IOException, InterruptedException {
    var manager = ScriptedManager.open(stage);
    var schedulers = new ArrayList<ScriptedScheduler>();
    for (int i = 1; i <= count; i++) {
      schedulers.add(ScriptedScheduler.open(stage, "s" + i, i));
    }
    manager.schedulers(schedulers.stream().map(ScriptedScheduler::row).toList());
    var origin = Origin.open(stage, length);
    return new PeerSite(stage, manager, schedulers, origin, stage.start(Role.PEER, manager.endpoint()));
  }

  ScriptedScheduler scheduler() {
    return schedulers.getFirst();
  }

  Endpoint endpoint() {
    return peer.endpoint();
  }

  Channel channel(Role role, String name) {
    return stage.wire().channel(name, endpoint(), stage.target().actors().credentials(role, name));
  }

  /// Asks the peer to download, as a scheduler does.
  Transfer download(Content content) {
    var transfer = new Transfer(stage);
    DfdaemonUploadGrpc.newStub(channel(Role.SCHEDULER, "s1"))
        .downloadTask(DownloadTaskRequest.newBuilder().setDownload(content.download()).build(), transfer);
    return transfer;
  }

  /// Downloads from the origin; the peer has the content afterwards.
  Transfer fetched(Content content) throws InterruptedException {
    scheduler().sendingToOrigin();
    Transfer transfer = download(content);
    Status.Code code = transfer.end();
    stage.control("the peer downloads from the origin", code == Status.Code.OK && !transfer.pieces().isEmpty(), code + " and " + transfer.pieces().size() + " pieces");
    return transfer;
  }

  /// The announce stream that opens next.
  Dialog dialog() throws InterruptedException {
    return stage.await("an announce stream of the peer", scheduler().dialogs);
  }

  Status.Code stat(String taskId) {
    var calls = DfdaemonUploadGrpc.newBlockingStub(channel(Role.SCHEDULER, "s1")).withDeadlineAfter(stage.patience());
    return Probe.code(() -> calls.statLocalTask(StatLocalTaskRequest.newBuilder().setTaskId(taskId).build()));
  }
}
