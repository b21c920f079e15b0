package dev.damselfly.conformance.scheduler;

import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.ScriptedManager;
import dev.damselfly.conformance.counterpart.ScriptedSeed;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import dev.damselfly.conformance.target.Running;
import java.io.IOException;

/// A fresh scheduler under test and the hosts around it.
record Site(Stage stage, ScriptedManager manager, Running scheduler) {
  private static final int PORT = 4000;
  static final long NORMAL = 10L << 20;

  static Site open(Stage stage) throws IOException, InterruptedException {
    return open(stage, ScriptedManager.open(stage));
  }

  static Site open(Stage stage, ScriptedManager manager) throws IOException, InterruptedException {
    Running scheduler = stage.start(Role.SCHEDULER, manager.endpoint());
    stage.await("the scheduler asks the manager for its settings", manager.settingsAsked);
    return new Site(stage, manager, scheduler);
  }

  Endpoint endpoint() {
    return scheduler.endpoint();
  }

  /// A host that has not announced itself.
  Machine stranger(String name) {
    return new Machine(stage, endpoint(), name, false, PORT);
  }

  /// An announced host.
  Machine peer(String name) {
    return stranger(name).announce();
  }

  /// An announced seed that the scheduler uses: it has triggered the seed for something else.
  Machine seed(ScriptedSeed seed, String name) throws InterruptedException {
    Machine machine = new Machine(stage, endpoint(), name, true, seed.endpoint().port()).announce();
    stage.await("the scheduler checks the health of an announced seed", seed.checks);
    Machine prober = peer("prober");
    boolean used =
        stage.eventually(
            () -> {
              Announcement probe = prober.register(content());
              return probe.triggersOrAnswers(seed.triggers);
            });
    stage.control("the scheduler uses a healthy seed", used, "no trigger");
    seed.triggers.clear();
    prober.calls().deleteHost(DeleteHostRequest.newBuilder().setHostId(prober.id()).build());
    return machine;
  }

  /// Returns when the seed was triggered for something else: a trigger from before has arrived by now.
  void passTrigger(Machine machine, ScriptedSeed seed) throws InterruptedException {
    Content other = content();
    machine.register(other);
    boolean arrived = stage.eventually(() -> seed.countOf(other) > 0);
    stage.control("the seed is triggered for ordinary content", arrived, "no trigger");
  }

  /// Something new to download.
  Content content() {
    return content(NORMAL);
  }

  Content content(long length) {
    return Content.at("http://origin.example/" + stage.taskId(), length);
  }

  /// A host that has fetched the content from the origin.
  Announcement holder(Machine machine, Content content) throws InterruptedException {
    var asking = content.with(download -> download.setNeedBackToSource(true));
    Announcement stream = machine.register(asking);
    stream.toOrigin("a peer that asks for the origin is sent there");
    stream.originStarted().pieceFromOrigin(0, 10).pieceFromOrigin(1, 10).originFinished();
    var code = stream.end("the stream ends after BackToSourceFinished");
    stage.control("a peer can fetch from the origin", code == io.grpc.Status.Code.OK, code);
    return stream;
  }
}
