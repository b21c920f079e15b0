package dev.damselfly.conformance.scheduler;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.ScriptedSeed;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import java.util.List;

/// How a scheduler uses seeds.
final class SeedCases {
  private static final int NOBODYS_FIELD = 3_000;

  private SeedCases() {}

  static List<Case> all() {
    return List.of(
        wire("SCH-005/clone", "B5", "scheduler 4", "the seed receives the registered Download, with need_back_to_source and unknown fields", SeedCases::clone),
        wire("SCH-005/output-path", "B5", "scheduler 4", "the trigger of a seed names no output path", SeedCases::outputPath).interopOnly(),
        wire("SCH-005/once", "B5", "scheduler 4", "a task triggers one seed once", SeedCases::once),
        wire("SCH-006/parent", "B6", "scheduler 6", "a child gets the running seed as its parent, with all fields filled", SeedCases::parent),
        wire("SCH-007/absent", "B7", "scheduler 5", "a child whose seed never appears is sent to the origin, and told nothing before", SeedCases::absent));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.SCHEDULER, clause, title, body);
  }

  private static Content rich(Site site) {
    var unknown =
        UnknownFieldSet.newBuilder()
            .addField(
                NOBODYS_FIELD,
                UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("kept")).build())
            .build();
    return site.content()
        .with(download -> download.setTag("tag-1").setPieceLength(8L << 20).setPrefetch(false).setUnknownFields(unknown));
  }

  static void clone(Stage stage) throws Exception {
    var site = Site.open(stage);
    var seed = ScriptedSeed.open(stage, "seed-a");
    site.seed(seed, "seed-a");
    Content content = rich(site);

    site.peer("peer-a").register(content);
    Download seen = seed.triggerOf(content, stage);

    stage.expect("need_back_to_source", true, seen.getNeedBackToSource());
    Download expected = content.download().toBuilder().setNeedBackToSource(true).build();
    stage.expect("the unknown fields", expected.getUnknownFields(), seen.getUnknownFields());
    stage.expect("everything else of the Download", expected, seen);
  }

  static void outputPath(Stage stage) throws Exception {
    var site = Site.open(stage);
    var seed = ScriptedSeed.open(stage, "seed-a");
    site.seed(seed, "seed-a");

    Content content = site.content().with(download -> download.setOutputPath("/tmp/dfconf-output"));
    Announcement child = site.peer("peer-a").register(content);
    boolean triggered = child.triggersOrAnswers(seed.triggers);
    stage.control("a Register with an output path triggers the seed", triggered, triggered ? "" : child.next());
    Download seen = seed.triggerOf(content, stage);

    stage.expect("output_path of the trigger", "", seen.getOutputPath());
  }

  static void once(Stage stage) throws Exception {
    var site = Site.open(stage);
    var seed = ScriptedSeed.open(stage, "seed-a");
    site.seed(seed, "seed-a");
    Content content = site.content();

    Machine peer = site.peer("peer-a");
    peer.register(content);
    seed.triggerOf(content, stage);
    site.peer("peer-b").register(content).next();
    site.passTrigger(peer, seed);

    stage.expect("further triggers for the same task", 0L, seed.countOf(content));
  }

  static void parent(Stage stage) throws Exception {
    var site = Site.open(stage);
    var seed = ScriptedSeed.open(stage, "seed-a");
    Machine seedHost = site.seed(seed, "seed-a");
    Content content = site.content();

    Announcement child = site.peer("peer-a").register(content);
    Download trigger = seed.triggerOf(content, stage);
    Announcement running = seedHost.register(new Content(trigger, content.taskId()));
    running.toOrigin("a triggered seed is sent to the origin");
    running.originStarted().pieceFromOrigin(0, 10);
    List<Peer> parents = child.normal("the child of a running seed").parents();

    stage.expect("number of parents", 1, parents.size());
    Peer parent = parents.getFirst();
    stage.expect("peer id", running.peerId(), parent.getId());
    stage.expect("task id", content.taskId(), parent.getTask().getId());
    stage.expect("host id", seedHost.id(), parent.getHost().getId());
    stage.expect("host ip", "127.0.0.1", parent.getHost().getIp());
    stage.expect("host port", seedHost.facts().getPort(), parent.getHost().getPort());
    stage.expect("host download port", seedHost.facts().getDownloadPort(), parent.getHost().getDownloadPort());
    stage.expectTrue("state is filled", !parent.getState().isEmpty(), parent.getState());
    stage.expectTrue("cost and times are filled", parent.hasCost() && parent.hasCreatedAt() && parent.hasUpdatedAt(), parent);
  }

  static void absent(Stage stage) throws Exception {
    var site = Site.open(stage);
    var seed = ScriptedSeed.open(stage, "seed-a");
    site.seed(seed, "seed-a");

    Content content = site.content();
    Announcement child = site.peer("peer-a").register(content);
    seed.triggerOf(content, stage);
    Answer answer = child.next();

    stage.expect("the first answer", Answer.ToOrigin.class, answer.getClass());
  }
}
