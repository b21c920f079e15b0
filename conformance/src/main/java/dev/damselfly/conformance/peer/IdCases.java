package dev.damselfly.conformance.peer;

import dev.damselfly.api.ring.HashRing;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.Dialog;
import dev.damselfly.conformance.counterpart.ScriptedScheduler;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import java.util.List;

/// Names and numbers that a peer computes.
final class IdCases {
  private static final String BLOB = "b2c366cce7e68013d5441c6326d5a3e1b12aeb5ed58564d0fd3fa089bc29cb6e";
  private static final int TASKS = 8;

  private IdCases() {}

  static List<Case> all() {
    return List.of(
        wire("IDG-001/forms", "C1", "ids 4", "task ids of all forms", IdCases::forms),
        wire("IDG-001/blob", "C1", "ids 4", "the id of a registry blob is its digest, when the request asks for that", IdCases::blob),
        wire("IDG-002/canonical", "C2", "ids 4.3", "canonical URLs: order, ~ and *, bare flags, empty results", IdCases::canonical),
        wire("IDG-003/pieces", "C3", "ids 6", "content is cut into pieces of 4 MiB, the last with the rest", IdCases::pieces),
        wire("IDG-003/range", "C3", "ids 6", "a range takes every piece that it touches", IdCases::range),
        wire("IDG-003/break-points", "C3", "ids 6", "the piece length grows at its break points", IdCases::breakPoints).needing("announce-v2"),
        wire("IDG-004/ring", "C4", "ids 8", "each task goes to the scheduler that the ring names", IdCases::ring));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.PEER, clause, title, body);
  }

  static void forms(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.fetched(site.origin().content());
    Content plain = site.origin().content();
    String text = "content " + stage.taskId();

    expectId(site, "plain URL", plain, plain.taskId());
    for (Content form :
        List.of(
            plain.with(download -> download.setTag("tag-1")),
            plain.with(download -> download.setApplication("app-1")),
            plain.with(download -> download.setTag("tag-1").setApplication("app-1")),
            plain.with(download -> download.setPieceLength(8L << 20)))) {
      expectId(site, "tag '" + form.download().getTag() + "', application '" + form.download().getApplication() + "', piece length " + form.download().getPieceLength(), form, form.taskId());
    }
    expectId(site, "content given for the id", plain.with(download -> download.setContentForCalculatingTaskId(text)), Content.sha256(text));
  }

  private static void expectId(PeerSite site, String what, Content content, String id) throws InterruptedException {
    Transfer transfer = site.download(content);
    site.stage().expect(what, id, transfer.taskId());
    transfer.expectGood("the download ends well");
  }

  static void blob(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.fetched(site.origin().content());
    Content content = site.origin().content("/v2/library/alpine/blobs/sha256:" + BLOB);

    Transfer asBlob = site.download(content.with(download -> download.setEnableTaskIdBasedBlobDigest(true)));
    stage.expect("with the flag", BLOB, asBlob.taskId());
    Transfer asUrl = site.download(content);
    stage.expect("without the flag", content.taskId(), asUrl.taskId());
  }

  /// A path with query as it is asked for, what is filtered, and the canonical form.
  private record Spelling(String given, List<String> filtered, String canonical) {}

  static void canonical(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.fetched(site.origin().content());
    for (Spelling one :
        List.of(
            new Spelling("/x?b=2&a=1", List.of(), "/x?b=2&a=1"),
            new Spelling("/x?b=2&a=1&Expires=9", List.of("Expires"), "/x?a=1&b=2"),
            new Spelling("/x?flag", List.of(), "/x?flag"),
            new Spelling("/x?flag&x=1", List.of("x"), "/x?flag="),
            new Spelling("/x?a=1", List.of("a"), "/x"),
            new Spelling("/x?q=a~b*c", List.of("zz"), "/x?q=a~b%2Ac"),
            new Spelling("/x?NS=1", List.of("ns"), "/x?NS=1"),
            new Spelling("/?b=2&a=1", List.of("zz"), "/?a=1&b=2"))) {
      Content content = site.origin().content(one.given()).with(download -> download.addAllFilteredQueryParams(one.filtered()));
      String id = Content.sha256(site.origin().base() + one.canonical() + "STANDARD");
      expectId(site, one.given() + " without " + one.filtered(), content, id);
    }
  }

  private static List<String> places(List<Piece> pieces) {
    return pieces.stream().map(piece -> piece.getNumber() + ":" + piece.getOffset() + "+" + piece.getLength()).toList();
  }

  static void pieces(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);

    Transfer transfer = site.fetched(site.origin().content());

    stage.expect("pieces of 8 MiB and one byte", List.of("0:0+4194304", "1:4194304+4194304", "2:8388608+1"), places(transfer.pieces()));
    for (Piece piece : transfer.pieces()) {
      stage.expect("digest of piece " + piece.getNumber(), dev.damselfly.conformance.counterpart.Origin.digest(piece.getOffset(), (int) piece.getLength()), piece.getDigest());
    }
  }

  static void range(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    site.scheduler().sendingToOrigin();
    for (var one : List.of(new long[] {PeerSite.PIECE - 1, 2}, new long[] {2L * PeerSite.PIECE, 1}, new long[] {PeerSite.PIECE, 1})) {
      var range = Range.newBuilder().setStart(one[0]).setLength(one[1]).build();
      Transfer transfer = site.download(site.origin().content().with(download -> download.setRange(range)));
      Status.Code code = transfer.end();
      stage.control("a ranged download ends well", code == Status.Code.OK, code);
      long first = one[0] / PeerSite.PIECE;
      long last = (one[0] + one[1] - 1) / PeerSite.PIECE;
      List<Integer> wanted = java.util.stream.LongStream.rangeClosed(first, last).mapToObj(number -> (int) number).toList();
      stage.expect("pieces of range " + one[0] + "+" + one[1], wanted, transfer.pieces().stream().map(Piece::getNumber).toList());
    }
  }

  static void breakPoints(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    long mega = 1 << 20;
    for (long[] one :
        new long[][] {
          {2_097_152_499L, 4 * mega, 501}, {2_097_152_500L, 8 * mega, 251}, {4_194_304_500L, 16 * mega, 251},
          {8_388_608_500L, 32 * mega, 251}, {16_777_216_499L, 32 * mega, 501}, {16_777_216_500L, 64 * mega, 251}
        }) {
      site.origin().length(one[0]);
      site.origin().hold();
      site.download(site.origin().content());
      Dialog dialog = site.dialog();
      AnnouncePeerRequest register = dialog.next(stage);
      var download = register.getRegisterPeerRequest().getDownload();
      stage.control("the peer registers with the length of the origin", download.getActualContentLength() == one[0], download.getActualContentLength());
      stage.expect("piece length of " + one[0], one[1], download.getActualPieceLength());
      stage.expect("piece count of " + one[0], one[2], download.getActualPieceCount());
    }
  }

  static void ring(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.PIECE + 1L, 3);
    site.schedulers().forEach(ScriptedScheduler::sendingToOrigin);
    var ring = HashRing.of(site.schedulers().stream().map(scheduler -> new HashRing.Member<>(scheduler.name(), scheduler)).toList());
    for (int i = 0; i < TASKS; i++) {
      Content content = site.origin().content();
      Transfer transfer = site.download(content);
      boolean seen = stage.eventually(() -> site.schedulers().stream().anyMatch(one -> one.tasks.contains(content.taskId())));
      stage.control("some scheduler hears of the task", seen, "none");
      var heard = site.schedulers().stream().filter(one -> one.tasks.contains(content.taskId())).map(ScriptedScheduler::name).toList();
      stage.expect("scheduler of task " + content.taskId(), List.of(ring.owner(content.taskId()).orElseThrow().name()), heard);
      transfer.expectGood("the download ends well");
    }
  }
}
