package dev.damselfly.conformance.peer;

import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.SchedulingPolicy;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest.RequestCase;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.Dialog;
import dev.damselfly.conformance.counterpart.ScriptedParent;
import dev.damselfly.conformance.counterpart.ScriptedParent.Manner;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What a peer tells schedulers, and in which order.
final class AnnounceCases {
  private static final Set<Integer> ALL = Set.of(0, 1, 2);
  private static final int MOST_ANSWERS = 5;

  private AnnounceCases() {}

  static List<Case> all() {
    return List.of(
        wire("UPG-005/start", "C5", "download-flow 2.4", "a peer announces its host at start, with all facts", AnnounceCases::start),
        wire("UPG-005/stop", "C5", "download-flow 2.4", "a peer that stops tells the scheduler", AnnounceCases::stop),
        wire("UPG-006/origin", "C6", "download-flow 3.5", "messages of a download from the origin", AnnounceCases::origin).needing("announce-v2"),
        wire("UPG-006/normal", "C6", "download-flow 3.5", "messages of a download from a parent", AnnounceCases::normal).needing("announce-v2"),
        wire("UPG-006/empty", "C6", "download-flow 3.5", "messages after EmptyTaskResponse", AnnounceCases::empty).needing("announce-v2"),
        wire("UPG-006/reschedule", "C6", "download-flow 3.2", "missing pieces lead to a reschedule that echoes the parents unchanged", AnnounceCases::reschedule).needing("announce-v2"),
        wire("UPG-006/started-again", "C6", "download-flow 9 H8", "Started is sent for each list of parents", AnnounceCases::startedAgain).needing("announce-v2"),
        wire("UPG-006/sixth", "C6", "download-flow 3.2", "the sixth answer makes the peer say Failed", AnnounceCases::sixth).needing("announce-v2"),
        wire("UPG-008/early-end", "C8", "download-flow 3.2", "a scheduler that ends the stream early does not end the download", AnnounceCases::earlyEnd).needing("announce-v2"),
        wire("UPG-014/auto", "C14", "download-flow 4", "content up to 4 MiB never contacts the scheduler", AnnounceCases::auto).interopOnly(),
        wire("UPG-014/always", "C14", "download-flow 4", "with policy ALWAYS it does", AnnounceCases::always));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.PEER, clause, title, body);
  }

  static void start(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    AnnounceHostRequest said = stage.await("AnnounceHost at start", site.scheduler().hosts);
    Host host = said.getHost();
    stage.control("a host is announced", !host.getId().isEmpty(), host);

    stage.expect("host id", host.getIp() + "-" + host.getHostname(), host.getId());
    stage.expect("type of a normal peer", 0, host.getType());
    stage.expect("port", site.endpoint().port(), host.getPort());
    stage.expect("download_port", site.endpoint().port(), host.getDownloadPort());
    stage.expect("interval in seconds", 300L, said.getInterval().getSeconds());
    var missing = new ArrayList<String>();
    for (String fact : List.of("os", "platform", "cpu", "memory", "network", "disk", "build")) {
      var field = java.util.Objects.requireNonNull(Host.getDescriptor().findFieldByName(fact));
      boolean present = field.hasPresence() ? host.hasField(field) : !host.getField(field).equals("");
      if (!present) {
        missing.add(fact);
      }
    }
    stage.expect("facts that are missing", List.of(), missing);
  }

  static void stop(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    String id = stage.await("AnnounceHost at start", site.scheduler().hosts).getHost().getId();
    stage.control("a host is announced", !id.isEmpty(), id);

    site.peer().stop();

    stage.expect("host that leaves", id, stage.await("DeleteHost at the stop", site.scheduler().left).getHostId());
  }

  static void origin(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    Transfer transfer = site.download(site.origin().content());
    Dialog dialog = site.dialog();
    dialog.toOrigin();
    List<RequestCase> kinds = dialog.untilTerminal(stage);
    stage.control("the peer registers", kinds.getFirst() == RequestCase.REGISTER_PEER_REQUEST, kinds);

    stage.expect(
        "order of messages",
        List.of(
            RequestCase.REGISTER_PEER_REQUEST,
            RequestCase.DOWNLOAD_PEER_BACK_TO_SOURCE_STARTED_REQUEST,
            RequestCase.DOWNLOAD_PIECE_BACK_TO_SOURCE_FINISHED_REQUEST,
            RequestCase.DOWNLOAD_PEER_BACK_TO_SOURCE_FINISHED_REQUEST),
        kinds);
    transfer.expectContent("the download");
  }

  /// A registered download whose scheduler is the case.
  private record Playing(PeerSite site, Content content, Transfer transfer, Dialog dialog) {
    static Playing open(Stage stage) throws Exception {
      var site = PeerSite.open(stage, PeerSite.NORMAL);
      Content content = site.origin().content();
      Transfer transfer = site.download(content);
      Dialog dialog = site.dialog();
      AnnouncePeerRequest register = dialog.next(stage);
      stage.control("the peer registers", register.hasRegisterPeerRequest() && register.getTaskId().equals(content.taskId()), register);
      return new Playing(site, content, transfer, dialog);
    }

    ScriptedParent parent(String name, Manner manner, Set<Integer> holds) {
      return new ScriptedParent(site.stage(), name, content, PeerSite.NORMAL, manner, holds);
    }
  }

  static void normal(Stage stage) throws Exception {
    Playing playing = Playing.open(stage);
    playing.dialog().normal(List.of(playing.parent("parent-a", Manner.GOOD, ALL).offer()));

    List<RequestCase> kinds = playing.dialog().untilTerminal(stage);

    stage.expect(
        "order of messages",
        List.of(
            RequestCase.DOWNLOAD_PEER_STARTED_REQUEST,
            RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST,
            RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST),
        kinds);
    playing.transfer().expectContent("the download");
    stage.expect("bytes from the origin", 0L, playing.site().origin().sent());
  }

  static void empty(Stage stage) throws Exception {
    Playing playing = Playing.open(stage);
    playing.dialog().empty();

    List<RequestCase> kinds = playing.dialog().untilTerminal(stage);

    stage.expect("order of messages", List.of(RequestCase.DOWNLOAD_PEER_STARTED_REQUEST, RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST), kinds);
  }

  static void reschedule(Stage stage) throws Exception {
    Playing playing = Playing.open(stage);
    var offer = playing.parent("parent-a", Manner.GOOD, Set.of(0, 2)).offer();
    playing.dialog().normal(List.of(offer));

    stage.expect("first step", RequestCase.DOWNLOAD_PEER_STARTED_REQUEST, playing.dialog().nextStep(stage).getRequestCase());
    AnnouncePeerRequest asked = playing.dialog().nextStep(stage);
    stage.expect("second step", RequestCase.RESCHEDULE_PEER_REQUEST, asked.getRequestCase());
    stage.expect("parents in the reschedule", List.of(offer), asked.getReschedulePeerRequest().getCandidateParentsList());
    playing.dialog().toOrigin();
    stage.expect("step after NeedBackToSource", RequestCase.DOWNLOAD_PEER_BACK_TO_SOURCE_STARTED_REQUEST, playing.dialog().nextStep(stage).getRequestCase());
    stage.expect("last step", RequestCase.DOWNLOAD_PEER_BACK_TO_SOURCE_FINISHED_REQUEST, playing.dialog().nextStep(stage).getRequestCase());
    playing.transfer().expectContent("the download");
    stage.expect("bytes from the origin", (long) PeerSite.PIECE, playing.site().origin().sent());
  }

  static void startedAgain(Stage stage) throws Exception {
    Playing playing = Playing.open(stage);
    playing.dialog().normal(List.of(playing.parent("parent-a", Manner.GOOD, Set.of(0)).offer()));
    playing.dialog().nextStep(stage);
    stage.expect("second step", RequestCase.RESCHEDULE_PEER_REQUEST, playing.dialog().nextStep(stage).getRequestCase());

    playing.dialog().normal(List.of(playing.parent("parent-b", Manner.GOOD, ALL).offer()));

    stage.expect("step after the second list", RequestCase.DOWNLOAD_PEER_STARTED_REQUEST, playing.dialog().nextStep(stage).getRequestCase());
    stage.expect("last step", RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST, playing.dialog().nextStep(stage).getRequestCase());
    playing.transfer().expectContent("the download");
  }

  static void sixth(Stage stage) throws Exception {
    Playing playing = Playing.open(stage);
    var offer = playing.parent("parent-a", Manner.GOOD, Set.of()).offer();
    for (int answer = 0; answer < MOST_ANSWERS; answer++) {
      playing.dialog().normal(List.of(offer));
      AnnouncePeerRequest step = playing.dialog().nextStep(stage);
      while (step.hasDownloadPeerStartedRequest()) {
        step = playing.dialog().nextStep(stage);
      }
      stage.expect("step after list " + (answer + 1), RequestCase.RESCHEDULE_PEER_REQUEST, step.getRequestCase());
    }

    playing.dialog().normal(List.of(offer));

    stage.expect("step after the sixth list", RequestCase.DOWNLOAD_PEER_FAILED_REQUEST, playing.dialog().nextStep(stage).getRequestCase());
  }

  static void earlyEnd(Stage stage) throws Exception {
    Playing playing = Playing.open(stage);

    playing.dialog().end();

    playing.transfer().expectContent("a download whose stream ended after Register");
    stage.expect("bytes from the origin", PeerSite.NORMAL, playing.site().origin().sent() + 1);
  }

  static void auto(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    Content quiet = site.origin().content();
    site.fetched(quiet);
    site.origin().length(PeerSite.NORMAL);
    Content loud = site.origin().content();
    site.fetched(loud);
    stage.expectTrue("the scheduler hears of larger content", site.scheduler().tasks.contains(loud.taskId()), site.scheduler().tasks);

    stage.expectTrue("it does not hear of small content", !site.scheduler().tasks.contains(quiet.taskId()), site.scheduler().tasks);
  }

  static void always(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    Content content = site.origin().content().with(download -> download.setSchedulingPolicy(SchedulingPolicy.ALWAYS));
    site.fetched(content);

    stage.expectTrue("the scheduler hears of the task", site.scheduler().tasks.contains(content.taskId()), site.scheduler().tasks);
  }
}
