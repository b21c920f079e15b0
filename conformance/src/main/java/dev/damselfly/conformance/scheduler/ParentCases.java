package dev.damselfly.conformance.scheduler;

import dev.damselfly.api.wire.scheduler.v2.DeletePeerRequest;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.ScriptedManager;
import dev.damselfly.conformance.counterpart.ScriptedSeed;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import java.util.List;

/// Whom a scheduler offers as parents, and in which order.
final class ParentCases {
  private ParentCases() {}

  static List<Case> all() {
    return List.of(
        wire("SCH-011/reschedule", "B11", "scheduler 5", "a parent echoed in a reschedule is never offered again", ParentCases::reschedule),
        wire("SCH-011/temporary", "B11", "scheduler 7", "a parent of a temporary piece failure is never offered again", ParentCases::temporary),
        wire("SCH-012/limit", "B12", "scheduler 6", "a list has at most candidate_parent_limit parents", ParentCases::limit),
        wire("SCH-012/change", "B12", "scheduler 11", "a changed limit counts after the next question for the settings", ParentCases::change)
            .needing("fast-settings"),
        wire("SCH-014/same-host", "B14", "scheduler 6", "a peer of the same host is never offered", ParentCases::sameHost),
        wire("SCH-014/not-shared", "B14", "scheduler 6", "a host that does not share is never offered", ParentCases::notShared),
        wire("SCH-014/failed", "B14", "scheduler 6.1", "a failed peer is never offered", ParentCases::failed),
        wire("SCH-014/left", "B14", "scheduler 2", "a deleted peer is never offered", ParentCases::left),
        wire("SCH-015/affinity", "B15", "scheduler 6.2", "at equal load the same IDC comes first, then the longer location prefix", ParentCases::affinity),
        wire("SCH-015/idle-seed", "B15", "scheduler 6.2", "a seed that has finished comes after normal peers", ParentCases::idleSeed),
        wire("SCH-016/slow", "B16", "scheduler 6.1", "a parent whose last piece took 25 times the mean is not offered", ParentCases::slow));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.SCHEDULER, clause, title, body);
  }

  private static Answer.Normal child(Site site, String name, Content content) throws InterruptedException {
    return site.peer(name).register(content).normal("a child of finished peers");
  }

  static void reschedule(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    var first = site.holder(site.peer("parent-a"), content);
    var second = site.holder(site.peer("parent-b"), content);
    Announcement child = site.peer("peer-c").register(content);
    Answer.Normal offered = child.normal("a child of finished peers");
    stage.control("both are offered", offered.ids().containsAll(List.of(first.peerId(), second.peerId())), offered);

    var refused = offered.parents().stream().filter(parent -> parent.getId().equals(first.peerId())).toList();
    child.started().reschedule(refused);
    Answer.Normal again = child.normal("the answer to a reschedule");

    stage.expect("parents after the reschedule", List.of(second.peerId()), again.ids());
  }

  static void temporary(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    var first = site.holder(site.peer("parent-a"), content);
    var second = site.holder(site.peer("parent-b"), content);
    var third = site.holder(site.peer("parent-d"), content);
    Announcement child = site.peer("peer-c").register(content);
    Answer.Normal offered = child.normal("a child of finished peers");
    stage.control("all are offered", offered.parents().size() == 3, offered);

    var echoed = offered.parents().stream().filter(parent -> parent.getId().equals(second.peerId())).toList();
    child.started().pieceFailed(first.peerId()).reschedule(echoed);
    Answer.Normal again = child.normal("the answer to a reschedule");

    stage.expectTrue("the parent of the failure is not offered", !again.ids().contains(first.peerId()), again);
    stage.expectTrue("the third parent is", again.ids().contains(third.peerId()), again);
  }

  static void limit(Stage stage) throws Exception {
    ScriptedManager manager = ScriptedManager.open(stage);
    manager.candidateLimit(2);
    var site = Site.open(stage, manager);
    Content content = site.content();
    for (int i = 0; i < 4; i++) {
      site.holder(site.peer("parent-" + i), content);
    }

    Answer.Normal offered = child(site, "peer-c", content);

    stage.expect("number of parents offered of four", 2, offered.parents().size());
  }

  static void change(Stage stage) throws Exception {
    ScriptedManager manager = ScriptedManager.open(stage);
    manager.candidateLimit(2);
    var site = Site.open(stage, manager);
    Content content = site.content();
    for (int i = 0; i < 4; i++) {
      site.holder(site.peer("parent-" + i), content);
    }
    stage.control("parents are offered", !child(site, "peer-c", content).parents().isEmpty(), "none");

    manager.candidateLimit(3);
    manager.settingsAsked.clear();
    stage.await("the scheduler asks for its settings again", manager.settingsAsked);
    stage.await("the scheduler asks for its settings again", manager.settingsAsked); // the first answer is in use by now

    stage.expect("number of parents after the change", 3, child(site, "peer-d", content).parents().size());
  }

  static void sameHost(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    Machine machine = site.peer("parent-a");
    site.holder(machine, content);
    var other = site.holder(site.peer("parent-b"), content);

    Answer.Normal offered = machine.register(content).normal("a second peer of a host");

    stage.expect("parents of a peer whose own host has the content", List.of(other.peerId()), offered.ids());
  }

  static void notShared(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    site.holder(site.stranger("parent-a").saying(host -> host.setDisableShared(true)).announce(), content);
    var other = site.holder(site.peer("parent-b"), content);

    stage.expect("parents", List.of(other.peerId()), child(site, "peer-c", content).ids());
  }

  static void failed(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    Announcement bad = site.peer("parent-a").register(content.with(download -> download.setNeedBackToSource(true)));
    bad.toOrigin("a peer that asks for the origin is sent there");
    bad.originStarted().pieceFromOrigin(0, 10).failed().end("the end after Failed");
    var other = site.holder(site.peer("parent-b"), content);

    stage.expect("parents", List.of(other.peerId()), child(site, "peer-c", content).ids());
  }

  static void left(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    Machine leaving = site.peer("parent-a");
    var gone = site.holder(leaving, content);
    var other = site.holder(site.peer("parent-b"), content);
    leaving
        .calls()
        .deletePeer(
            DeletePeerRequest.newBuilder().setHostId(leaving.id()).setTaskId(content.taskId()).setPeerId(gone.peerId()).build());

    stage.expect("parents", List.of(other.peerId()), child(site, "peer-c", content).ids());
  }

  static void affinity(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    var far = site.holder(site.stranger("parent-a").in("idc-9", "us|ca|sfo").announce(), content);
    var near = site.holder(site.stranger("parent-b").in("idc-9", "eu|de|ber").announce(), content);
    var same = site.holder(site.stranger("parent-d").in("idc-1", "us|ca|sfo").announce(), content);

    Announcement child = site.stranger("peer-c").in("IDC-1", "eu|de|fra").announce().register(content);

    stage.expect(
        "order of parents",
        List.of(same.peerId(), near.peerId(), far.peerId()),
        child.normal("a child of finished peers").ids());
  }

  static void idleSeed(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    var seed = ScriptedSeed.open(stage, "seed-a");
    var seeded = site.holder(new Machine(stage, site.endpoint(), "seed-a", true, seed.endpoint().port()).announce(), content);
    var normal = site.holder(site.peer("parent-b"), content);

    stage.expect("order of parents", List.of(normal.peerId(), seeded.peerId()), child(site, "peer-c", content).ids());
  }

  static void slow(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    Announcement slow = site.peer("parent-a").register(content.with(download -> download.setNeedBackToSource(true)));
    slow.toOrigin("a peer that asks for the origin is sent there");
    slow.originStarted();
    for (int i = 0; i < 5; i++) {
      slow.pieceFromOrigin(i, i < 4 ? 10 : 250);
    }
    slow.originFinished().end("the end after BackToSourceFinished");
    var other = site.holder(site.peer("parent-b"), content);

    stage.expect("parents", List.of(other.peerId()), child(site, "peer-c", content).ids());
  }
}
