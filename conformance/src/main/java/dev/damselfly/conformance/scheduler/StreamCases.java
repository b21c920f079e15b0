package dev.damselfly.conformance.scheduler;

import dev.damselfly.api.wire.common.v2.SizeScope;
import dev.damselfly.api.wire.common.v2.Task;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.link.RawCall;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import java.util.List;

/// How announce streams begin and end, and what a task is afterwards.
final class StreamCases {
  private static final String ANNOUNCE_PEER = "/scheduler.v2.Scheduler/AnnouncePeer";

  private StreamCases() {}

  static List<Case> all() {
    return List.of(
        wire("SCH-017/whole", "B17", "scheduler 7", "BackToSourceFinished without a range makes the task Succeeded", StreamCases::whole),
        wire("SCH-017/range", "B17", "scheduler 7", "BackToSourceFinished with a range leaves the task as it is", StreamCases::range),
        wire("SCH-018/finished", "B18", "download-flow 3.3", "the stream ends OK after Finished", stage -> ends(stage, Announcement::finished, false)),
        wire("SCH-018/origin-finished", "B18", "download-flow 3.3", "the stream ends OK after BackToSourceFinished", stage -> ends(stage, Announcement::originFinished, true)),
        wire("SCH-018/failed", "B18", "download-flow 3.3", "the stream ends OK after Failed", stage -> ends(stage, Announcement::failed, false)),
        wire("SCH-018/origin-failed", "B18", "download-flow 3.3", "the stream ends OK after BackToSourceFailed", stage -> ends(stage, Announcement::originFailed, true)),
        wire("SCH-018/unset", "B18", "download-flow 3.3", "a message without a member ends the stream with an error", StreamCases::unset),
        wire("SCH-018/invalid", "B18", "download-flow 3.3", "an invalid message ends the stream with InvalidArgument", StreamCases::invalid),
        wire("SCH-018/reset", "C8", "download-flow 3.4", "trailers are followed by RST_STREAM while the peer's side is open", StreamCases::reset),
        wire("SCH-018/headers", "C9", "download-flow 9 H1", "response headers come at once, before the first answer", StreamCases::headers));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.SCHEDULER, clause, title, body);
  }

  private static Task stat(Machine machine, Content content) {
    return machine.calls().statTask(StatTaskRequest.newBuilder().setHostId(machine.id()).setTaskId(content.taskId()).build());
  }

  static void whole(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    Machine peer = site.peer("peer-a");
    site.holder(peer, content);

    Task task = stat(peer, content);

    stage.expect("state of the task", "Succeeded", task.getState());
    stage.expect("content_length", Site.NORMAL, task.getContentLength());
    stage.expect("size_scope", SizeScope.NORMAL, task.getSizeScope());
  }

  static void range(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    Machine peer = site.peer("peer-a");
    site.holder(peer, content.with(download -> download.setRange(dev.damselfly.api.wire.common.v2.Range.newBuilder().setStart(0).setLength(8L << 20))));

    stage.expect("state of the task", "Running", stat(peer, content).getState());
  }

  /// What ends a stream.
  private interface Ending {
    Announcement send(Announcement stream);
  }

  private static void ends(Stage stage, Ending ending, boolean atOrigin) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    site.holder(site.peer("parent-a"), content);
    var asked = atOrigin ? content.with(download -> download.setNeedBackToSource(true)) : content;
    Announcement stream = site.peer("peer-b").register(asked);
    if (atOrigin) {
      stream.toOrigin("a peer that asks for the origin is sent there");
      stream.originStarted();
    } else {
      stream.normal("a child of a finished peer");
      stream.started();
    }

    stage.expect("status of the stream", Status.Code.OK, ending.send(stream).end("the end after a terminal message"));
  }

  static void unset(Stage stage) throws Exception {
    var site = Site.open(stage);
    Announcement stream = site.peer("peer-a").register(site.content());
    Answer first = stream.next();
    stage.control("a peer registers", first instanceof Answer.ToOrigin, first);

    Status.Code code = stream.send(AnnouncePeerRequest.getDefaultInstance()).end("the end after an empty message");

    stage.expectTrue(
        "status is FailedPrecondition or InvalidArgument",
        code == Status.Code.FAILED_PRECONDITION || code == Status.Code.INVALID_ARGUMENT,
        code);
  }

  static void invalid(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    Answer first = peer.register(site.content()).next();
    stage.control("a peer registers", first instanceof Answer.ToOrigin, first);

    Answer answer = peer.register(new Content(site.content().download().toBuilder().setUrl("not-a-uri").build(), site.content().taskId())).next();

    stage.expect("a Download whose url is no URI", new Answer.End(Status.Code.INVALID_ARGUMENT), answer);
  }

  private static RawCall raw(Stage stage, Site site, String peer) throws Exception {
    var own = stage.target().actors().credentials(Role.PEER, peer);
    var call = RawCall.open(site.endpoint(), own, ANNOUNCE_PEER, "", stage.transcript());
    stage.wire().onClose(call::close);
    return call;
  }

  static void reset(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    Content content = site.content();
    var ids =
        AnnouncePeerRequest.newBuilder().setHostId(peer.id()).setTaskId(content.taskId()).setPeerId(peer.newPeerId()).build();
    RawCall call = raw(stage, site, "peer-a");
    call.send(ids.toBuilder().setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(content.download())).build());
    boolean answered = until(stage, call, "DATA");
    stage.control("the registration is answered", answered, "no message");

    call.send(ids.toBuilder().setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance()).build());
    call.send(ids.toBuilder().setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance()).build());

    stage.expectTrue("trailers", until(stage, call, "TRAILERS"), "the stream stays open");
    RawCall.Seen next = stage.await("RST_STREAM after the trailers", call.frames());
    stage.expect("frame after the trailers", "RST", next.kind());
    stage.expectTrue("code NO_ERROR or CANCEL", next.detail().equals("0") || next.detail().equals("8"), next);
  }

  private static boolean until(Stage stage, RawCall call, String kind) throws InterruptedException {
    while (true) {
      RawCall.Seen seen = stage.await(kind, call.frames());
      if (seen.kind().equals(kind)) {
        return true;
      }
      if (seen.kind().equals("CLOSED") || seen.kind().equals("RST")) {
        return false;
      }
    }
  }

  static void headers(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    Answer first = peer.register(site.content()).next();
    stage.control("a peer registers", first instanceof Answer.ToOrigin, first);

    RawCall call = raw(stage, site, "peer-a"); // and says nothing

    RawCall.Seen seen = stage.await("response headers of a stream on which nothing was said", call.frames());
    stage.expect("first frame", "HEADERS", seen.kind());
  }
}
