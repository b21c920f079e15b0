package dev.damselfly.conformance.scheduler;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.manager.v2.Application;
import dev.damselfly.api.wire.manager.v2.ApplicationPriority;
import dev.damselfly.api.wire.manager.v2.URLPriority;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.ScriptedManager;
import dev.damselfly.conformance.counterpart.ScriptedSeed;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import java.util.List;

/// What a scheduler answers to the first message of an announce stream.
final class RegistrationCases {
  private RegistrationCases() {}

  static List<Case> all() {
    return List.of(
        wire("SCH-001/unannounced", "B1", "download-flow 2.4", "Register of an unannounced host ends with NotFound", RegistrationCases::unannounced),
        wire("SCH-004/no-seed", "B4", "scheduler 4", "the first Register of a task is sent to the origin, and told why", RegistrationCases::noSeed),
        wire("SCH-008/levels", "B8", "scheduler 4", "priority LEVEL1 is forbidden, LEVEL2 not found, LEVEL3 goes to the origin without a seed", RegistrationCases::levels),
        wire("SCH-008/application", "B8", "scheduler 4", "the application's priority counts for LEVEL0 only, and its URL pattern first", RegistrationCases::application),
        wire("SCH-009/empty", "B9", "scheduler 3", "content of length 0 is answered with EmptyTaskResponse", RegistrationCases::empty),
        wire("SCH-009/tiny", "B9", "scheduler 1.1", "content of 1 and 128 bytes is scheduled as any other", RegistrationCases::tiny),
        wire("SCH-010/metadata-only", "B10", "download-flow 3.7", "a metadata-only registration is recorded, without a seed", RegistrationCases::metadataOnly),
        wire("SCH-010/serves", "B10", "download-flow 3.7", "a peer that registered metadata only is a parent after Started and Finished", RegistrationCases::serves));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.SCHEDULER, clause, title, body);
  }

  static void unannounced(Stage stage) throws Exception {
    var site = Site.open(stage);
    Answer known = site.peer("peer-a").register(site.content()).next();
    stage.control("an announced host registers", !(known instanceof Answer.End), known);

    Answer answer = site.stranger("peer-b").register(site.content()).next();

    stage.expect("a Register before AnnounceHost", new Answer.End(Status.Code.NOT_FOUND), answer);
  }

  static void noSeed(Stage stage) throws Exception {
    var site = Site.open(stage);
    Answer answer = site.peer("peer-a").register(site.content()).next();
    stage.control("an announced host registers", !(answer instanceof Answer.End), answer);

    stage.expect("kind of the first answer", Answer.ToOrigin.class, answer.getClass());
    stage.expectTrue("the description is present", answer instanceof Answer.ToOrigin(String text) && !text.isEmpty(), answer);
  }

  static void levels(Stage stage) throws Exception {
    var site = Site.open(stage);
    var seed = ScriptedSeed.open(stage, "seed-a");
    site.seed(seed, "seed-a");
    Machine peer = site.peer("peer-a");

    stage.expect("LEVEL1", new Answer.End(Status.Code.FAILED_PRECONDITION), level(site.content(), peer, Priority.LEVEL1));
    stage.expect("LEVEL2", new Answer.End(Status.Code.NOT_FOUND), level(site.content(), peer, Priority.LEVEL2));
    Content third = site.content();
    stage.expect("LEVEL3", Answer.ToOrigin.class, level(third, peer, Priority.LEVEL3).getClass());
    site.passTrigger(peer, seed);
    stage.expect("triggers by LEVEL3", 0L, seed.countOf(third));
  }

  private static Answer level(Content content, Machine peer, Priority level) throws InterruptedException {
    return peer.register(content.with(download -> download.setPriority(level))).next();
  }

  static void application(Stage stage) throws Exception {
    ScriptedManager manager = ScriptedManager.open(stage);
    manager.applications(
        List.of(
            Application.newBuilder()
                .setId(1)
                .setName("app-x")
                .setUrl("http://app.example")
                .setPriority(
                    ApplicationPriority.newBuilder()
                        .setValue(Priority.LEVEL1)
                        .addUrls(URLPriority.newBuilder().setRegex("/blobs/").setValue(Priority.LEVEL2)))
                .build()));
    var site = Site.open(stage, manager);
    var seed = ScriptedSeed.open(stage, "seed-a");
    site.seed(seed, "seed-a");
    Machine peer = site.peer("peer-a");

    Answer value = peer.register(ofApplication(site.content(), Priority.LEVEL0)).next();
    var blob = Content.at("http://origin.example/blobs/" + stage.taskId(), Site.NORMAL);
    Answer pattern = peer.register(ofApplication(blob, Priority.LEVEL0)).next();
    Answer own = peer.register(ofApplication(site.content(), Priority.LEVEL3)).next();

    stage.expect("LEVEL0 takes the application's value", new Answer.End(Status.Code.FAILED_PRECONDITION), value);
    stage.expect("a URL pattern beats the value", new Answer.End(Status.Code.NOT_FOUND), pattern);
    stage.expect("an own level beats the application", Answer.ToOrigin.class, own.getClass());
  }

  private static Content ofApplication(Content content, Priority own) {
    return content.with(download -> download.setApplication("app-x").setPriority(own));
  }

  static void empty(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    Answer full = peer.register(site.content()).next();
    stage.control("content of 10 MiB is scheduled", full instanceof Answer.ToOrigin, full);

    Answer answer = peer.register(site.content(0)).next();

    stage.expect("content of length 0", new Answer.Empty(), answer);
  }

  static void tiny(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    Answer full = peer.register(site.content()).next();
    stage.control("content of 10 MiB is scheduled", full instanceof Answer.ToOrigin, full);

    stage.expect("1 byte", Answer.ToOrigin.class, peer.register(site.content(1)).next().getClass());
    stage.expect("128 bytes", Answer.ToOrigin.class, peer.register(site.content(128)).next().getClass());
  }

  static void metadataOnly(Stage stage) throws Exception {
    var site = Site.open(stage);
    var seed = ScriptedSeed.open(stage, "seed-a");
    site.seed(seed, "seed-a");
    Machine peer = site.peer("peer-a");

    Content content = site.content();
    Answer answer = peer.register(onlyMetadata(content)).next();

    stage.expect("a metadata-only registration", new Answer.MetadataOnly(), answer);
    site.passTrigger(peer, seed);
    stage.expect("triggers by it", 0L, seed.countOf(content));
  }

  static void serves(Stage stage) throws Exception {
    var site = Site.open(stage);
    var content = site.content();
    Announcement holder = site.peer("peer-a").register(onlyMetadata(content));
    Answer answer = holder.next();
    stage.control("a metadata-only registration is taken", answer instanceof Answer.MetadataOnly, answer);
    stage.expect("the stream ends after Finished", Status.Code.OK, holder.started().finished().end("the end after Finished"));

    Answer child = site.peer("peer-b").register(content).next();

    stage.expectTrue(
        "the holder is the parent",
        child instanceof Answer.Normal normal && normal.ids().equals(List.of(holder.peerId())),
        child);
  }

  private static Content onlyMetadata(Content content) {
    return content.with(Download.Builder::clearTag).with(download -> download.setMetadataOnly(true));
  }
}
