package dev.damselfly.conformance.peer;

import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest.RequestCase;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.Dialog;
import dev.damselfly.conformance.counterpart.ScriptedParent;
import dev.damselfly.conformance.counterpart.ScriptedParent.Manner;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import java.util.List;
import java.util.Set;

/// A peer whose parents misbehave.
final class ChildCases {
  private static final Set<Integer> ALL = Set.of(0, 1, 2);

  private ChildCases() {}

  static List<Case> all() {
    return List.of(
        wire("UPG-007/one-dies", "C7", "download-flow 6", "a parent that dies in the middle of a piece is replaced by the other", stage -> replaced(stage, Manner.DIES)),
        wire("UPG-007/all-die", "C7", "download-flow 3.1", "when every parent fails, PieceFailed and then a reschedule with the same list", ChildCases::allDie),
        wire("VTX-011/not-found-child", "C11", "vortex 6", "a parent that says NotFound is replaced by the other", stage -> replaced(stage, Manner.NOT_FOUND)),
        wire("VTX-011/short", "C11", "vortex 5", "content shorter than the piece is detected", stage -> replaced(stage, Manner.SHORT)),
        wire("VTX-011/extra", "C11", "vortex 5", "bytes behind the content are ignored", ChildCases::extra),
        wire("VTX-013/wrong-bytes", "C13", "vortex 5", "content that does not match its digest is replaced by the other parent's", stage -> replaced(stage, Manner.WRONG_BYTES)));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.PEER, clause, title, body).needing("announce-v2").needing("vortex-tcp");
  }

  private static void replaced(Stage stage, Manner manner) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    Content content = site.origin().content();
    Transfer transfer = site.download(content);
    Dialog dialog = site.dialog();
    var good = new ScriptedParent(stage, "parent-a", content, PeerSite.NORMAL, Manner.GOOD, ALL);
    var bad = new ScriptedParent(stage, "parent-b", content, PeerSite.NORMAL, manner, ALL);
    stage.control("the peer registers", dialog.next(stage).hasRegisterPeerRequest(), "another message");
    dialog.normal(List.of(bad.offer(), good.offer()));

    List<RequestCase> kinds = dialog.untilTerminal(stage);

    stage.expect("last message", RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST, kinds.getLast());
    stage.expectTrue("no reschedule was needed", !kinds.contains(RequestCase.RESCHEDULE_PEER_REQUEST), kinds);
    transfer.expectContent("the download");
    long total = transfer.pieces().stream().mapToLong(dev.damselfly.api.wire.common.v2.Piece::getLength).sum();
    stage.expect("bytes in its pieces", PeerSite.NORMAL, total);
    stage.expect("bytes from the origin", 0L, site.origin().sent());
  }

  static void allDie(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    Content content = site.origin().content();
    Transfer transfer = site.download(content);
    Dialog dialog = site.dialog();
    var first = new ScriptedParent(stage, "parent-a", content, PeerSite.NORMAL, Manner.DIES, ALL);
    var second = new ScriptedParent(stage, "parent-b", content, PeerSite.NORMAL, Manner.DIES, ALL);
    stage.control("the peer registers", dialog.next(stage).hasRegisterPeerRequest(), "another message");
    dialog.normal(List.of(first.offer(), second.offer()));

    stage.expect("first step", RequestCase.DOWNLOAD_PEER_STARTED_REQUEST, dialog.next(stage).getRequestCase());
    boolean failure = false;
    AnnouncePeerRequest next = dialog.next(stage);
    while (next.hasDownloadPieceFailedRequest()) {
      failure = true;
      stage.expect("the failure is temporary", true, next.getDownloadPieceFailedRequest().getTemporary());
      stage.expectTrue(
          "it names one of the parents",
          Set.of(first.peerId(), second.peerId()).contains(next.getDownloadPieceFailedRequest().getParentId()),
          next.getDownloadPieceFailedRequest().getParentId());
      next = dialog.next(stage);
    }
    stage.expectTrue("pieces are reported as failed", failure, next.getRequestCase());
    stage.expect("then", RequestCase.RESCHEDULE_PEER_REQUEST, next.getRequestCase());
    stage.expect("parents in the reschedule", List.of(first.offer(), second.offer()), next.getReschedulePeerRequest().getCandidateParentsList());
    dialog.toOrigin();
    transfer.expectContent("the download");
  }

  static void extra(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    Content content = site.origin().content();
    Transfer transfer = site.download(content);
    Dialog dialog = site.dialog();
    var parent = new ScriptedParent(stage, "parent-a", content, PeerSite.NORMAL, Manner.EXTRA, ALL);
    stage.control("the peer registers", dialog.next(stage).hasRegisterPeerRequest(), "another message");
    dialog.normal(List.of(parent.offer()));

    List<RequestCase> kinds = dialog.untilTerminal(stage);

    stage.expect("last message", RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST, kinds.getLast());
    transfer.expectContent("the download");
  }
}
