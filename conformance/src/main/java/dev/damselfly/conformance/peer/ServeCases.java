package dev.damselfly.conformance.peer;

import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.SyncHostRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.Origin;
import dev.damselfly.conformance.counterpart.Vortex;
import dev.damselfly.conformance.counterpart.Vortex.Reply;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.link.RawCall;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/// A peer as a parent: what it reports and serves.
final class ServeCases {
  private static final int SAMPLES = 3;
  private static final int QUIC_INITIAL = 1_200;

  private ServeCases() {}

  static List<Case> all() {
    return List.of(
        wire("UPG-009/sync-host", "C9", "download-flow 9 H2", "SyncHost outlives its grpc-timeout", ServeCases::syncHost),
        wire("UPG-009/sync-pieces", "C9", "download-flow 9 H2", "SyncPieces outlives its grpc-timeout and sends headers at once", ServeCases::syncPieces).needing("open-swarm"),
        wire("UPG-010/unknown", "C10", "download-flow 5", "SyncPieces of an unknown task is Internal", ServeCases::unknown).needing("open-swarm"),
        wire("UPG-010/finished", "C10", "download-flow 5", "each piece of a finished task is reported once, with ip and both ports, and the stream ends", ServeCases::finished).needing("open-swarm"),
        wire("VTX-011/content", "C11", "vortex 5", "a content reply, field by field", ServeCases::content).needing("vortex-tcp"),
        wire("VTX-011/two", "C11", "vortex 9", "two requests on one connection are answered in order", ServeCases::two).needing("vortex-tcp"),
        wire("VTX-011/not-found", "C11", "vortex 7", "an unknown piece is Error NotFound, and the connection stays open", ServeCases::notFound).needing("vortex-tcp"),
        wire("VTX-011/tag", "C11", "vortex 7", "tags that are no served request close the connection", ServeCases::tag).needing("vortex-tcp"),
        wire("VTX-011/length", "C11", "vortex 4", "a request of another length than 68 closes the connection", ServeCases::length).needing("vortex-tcp"),
        wire("VTX-012/version", "C12", "vortex 11", "the QUIC port speaks QUIC version 1", ServeCases::version).needing("quic"),
        Case.security("VTX-020/length", "C20", Role.PEER, "security C20", "a frame that announces 4 GiB closes the connection", ServeCases::hugeLength).needing("vortex-tcp"));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.PEER, clause, title, body);
  }

  private static RawCall raw(PeerSite site, String method, String timeout) throws Exception {
    var own = site.stage().target().actors().credentials(Role.PEER, "child-a");
    RawCall call = RawCall.open(site.endpoint(), own, "/" + DfdaemonUploadGrpc.SERVICE_NAME + "/" + method, timeout, site.stage().transcript());
    site.stage().wire().onClose(call::close);
    return call;
  }

  private static SyncHostRequest hostRequest(Stage stage) {
    return SyncHostRequest.newBuilder().setHostId("127.0.0.1-child-a").setPeerId("127.0.0.1-child-a-" + stage.uuid()).build();
  }

  private static SyncPiecesRequest piecesRequest(String taskId, List<Integer> numbers) {
    return SyncPiecesRequest.newBuilder().setHostId("127.0.0.1-child-a").setTaskId(taskId).addAllInterestedPieceNumbers(numbers).build();
  }

  static void syncHost(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    RawCall call = raw(site, "SyncHost", "1S");
    call.sendLast(hostRequest(stage));
    RawCall.Seen first = stage.await("response headers", call.frames());
    stage.control("the stream begins", first.kind().equals("HEADERS"), first);

    for (int i = 0; i < SAMPLES; i++) {
      stage.expect("frame " + (i + 1) + ", about one per second", "DATA", stage.await("a sample", call.frames()).kind());
    }
  }

  static void syncPieces(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    site.scheduler().sendingToOrigin();
    site.origin().hold();
    Content content = site.origin().content();
    Transfer transfer = site.download(content);
    transfer.taskId();
    RawCall pieces = raw(site, "SyncPieces", "1S");
    pieces.sendLast(piecesRequest(content.taskId(), List.of(0, 1, 2)));
    RawCall.Seen first = stage.await("response headers before the first piece", pieces.frames());
    stage.control("the stream begins", first.kind().equals("HEADERS"), first);

    RawCall clock = raw(site, "SyncHost", "");
    clock.sendLast(hostRequest(stage));
    for (int i = 0; i < SAMPLES + 1; i++) {
      stage.await("a sample", clock.frames());
    }
    site.origin().release();

    stage.expect("frame after the timeout", "DATA", stage.await("a piece", pieces.frames()).kind());
    transfer.expectGood("the download ends well");
  }

  private static List<SyncPiecesResponse> sync(PeerSite site, String taskId, List<Integer> numbers) {
    var calls = DfdaemonUploadGrpc.newBlockingStub(site.channel(Role.PEER, "child-a")).withDeadlineAfter(site.stage().patience());
    var all = new ArrayList<SyncPiecesResponse>();
    calls.syncPieces(piecesRequest(taskId, numbers)).forEachRemaining(all::add);
    return all;
  }

  static void unknown(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    Content content = site.origin().content();
    site.fetched(content);
    stage.control("a known task is reported", !sync(site, content.taskId(), List.of(0)).isEmpty(), "no piece");

    try {
      stage.expect("SyncPieces of an unknown task", Status.Code.INTERNAL, sync(site, stage.taskId(), List.of(0)));
    } catch (StatusRuntimeException e) {
      stage.expect("SyncPieces of an unknown task", Status.Code.INTERNAL, e.getStatus().getCode());
    }
  }

  static void finished(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    Content content = site.origin().content();
    site.fetched(content);

    List<SyncPiecesResponse> reported = sync(site, content.taskId(), List.of(0, 1, 2));

    stage.expect("pieces", List.of(0, 1, 2), reported.stream().map(SyncPiecesResponse::getNumber).sorted().toList());
    for (SyncPiecesResponse one : reported) {
      stage.expect("offset of piece " + one.getNumber(), (long) one.getNumber() * PeerSite.PIECE, one.getOffset());
      stage.expect("ip", "127.0.0.1", one.getIp());
      stage.expectTrue("both ports are set", one.getTcpPort() > 0 && one.getQuicPort() > 0, one);
    }
  }

  /// A finished task and a connection to where its pieces are.
  private record Served(PeerSite site, Content content, Endpoint at) {
    static Served open(Stage stage) throws Exception {
      var site = PeerSite.open(stage, PeerSite.NORMAL);
      Content content = site.origin().content();
      site.fetched(content);
      var reported = sync(site, content.taskId(), List.of(0));
      return new Served(site, content, new Endpoint("127.0.0.1", reported.getFirst().getTcpPort()));
    }

    Vortex connect() throws Exception {
      Stage stage = site.stage();
      return Vortex.connect(at, (int) stage.patience().toMillis(), stage.transcript());
    }

    Reply ask(byte[] request) throws Exception {
      try (Vortex child = connect()) {
        return child.send(request).read();
      }
    }

    byte[] good() {
      return Vortex.request(Vortex.REQUEST, content.taskId(), 0);
    }

    void control() throws Exception {
      Reply reply = ask(good());
      site.stage().control("a good request is answered", reply instanceof Reply.Piece, reply);
    }
  }

  static void content(Stage stage) throws Exception {
    Served served = Served.open(stage);
    Reply reply = served.ask(Vortex.request(Vortex.REQUEST, served.content().taskId(), 2));
    stage.control("a good request is answered", reply instanceof Reply.Piece, reply);
    var piece = (Reply.Piece) reply;

    stage.expect("tag", Vortex.CONTENT, piece.tag());
    stage.expect("header.length is metadata_len + 4", piece.metadataLength() + 4, piece.headerLength());
    stage.expect("number", 2, piece.number());
    stage.expect("offset", 2L * PeerSite.PIECE, piece.offset());
    stage.expect("length", 1L, piece.length());
    stage.expect("digest", Origin.digest(2L * PeerSite.PIECE, 1), piece.digest());
    stage.expectTrue("content", Arrays.equals(Origin.bytes(2L * PeerSite.PIECE, 1), piece.content()), HexFormat.of().formatHex(piece.content()));
  }

  static void two(Stage stage) throws Exception {
    Served served = Served.open(stage);
    served.control();
    try (Vortex child = served.connect()) {
      child.send(Vortex.request(Vortex.REQUEST, served.content().taskId(), 1));
      child.send(Vortex.request(Vortex.REQUEST, served.content().taskId(), 2));

      stage.expect("number of the first reply", 1, child.read() instanceof Reply.Piece piece ? piece.number() : -1);
      stage.expect("number of the second reply", 2, child.read() instanceof Reply.Piece piece ? piece.number() : -1);
    }
  }

  static void notFound(Stage stage) throws Exception {
    Served served = Served.open(stage);
    served.control();
    try (Vortex child = served.connect()) {
      Reply unknown = child.send(Vortex.request(Vortex.REQUEST, served.content().taskId(), 99)).read();

      stage.expect("code for piece 99", 2, unknown instanceof Reply.Refusal(int code, String text) ? code : unknown);
      Reply next = child.send(served.good()).read();
      stage.expectTrue("the connection stays open", next instanceof Reply.Piece, next);
    }
  }

  static void tag(Stage stage) throws Exception {
    Served served = Served.open(stage);
    served.control();
    for (int tag : List.of(1, 6, 8, 253, 254, 255)) {
      byte[] request = Vortex.request(tag, served.content().taskId(), 0);
      stage.expect(String.format(Locale.ROOT, "reply to tag %d", tag), new Reply.Closed(), served.ask(request));
    }
  }

  static void length(Stage stage) throws Exception {
    Served served = Served.open(stage);
    served.control();
    for (int length : List.of(0, 67, 69)) {
      byte[] request = served.good();
      ByteBuffer.wrap(request).putInt(2, length);
      stage.expect("reply to a request of length " + length, new Reply.Closed(), served.ask(request));
    }
  }

  static void hugeLength(Stage stage) throws Exception {
    Served served = Served.open(stage);
    served.control();
    byte[] request = served.good();
    ByteBuffer.wrap(request).putInt(2, -1);

    stage.expect("reply to a frame of 2^32-1 bytes", new Reply.Closed(), served.ask(request));
    served.control();
  }

  static void version(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    Content content = site.origin().content();
    site.fetched(content);
    var reported = sync(site, content.taskId(), List.of(0));
    stage.control("a QUIC port is announced", reported.getFirst().getQuicPort() > 0, reported);

    var packet = ByteBuffer.allocate(QUIC_INITIAL);
    packet.put((byte) 0xc0).putInt(0x0a0a0a0a).put((byte) 8).putLong(1).put((byte) 8).putLong(2); // a version that nobody has
    byte[] answer = new byte[QUIC_INITIAL];
    try (var socket = new DatagramSocket()) {
      socket.setSoTimeout((int) stage.patience().toMillis());
      socket.send(new DatagramPacket(packet.array(), QUIC_INITIAL, InetAddress.getLoopbackAddress(), reported.getFirst().getQuicPort()));
      var got = new DatagramPacket(answer, answer.length);
      socket.receive(got);
      stage.transcript().bytes("target", "UDP", Arrays.copyOf(answer, got.getLength()));
      var read = ByteBuffer.wrap(answer, 0, got.getLength());
      stage.expectTrue("the answer has a long header", read.get() < 0, HexFormat.of().formatHex(answer, 0, 1));
      stage.expect("its version (0 is negotiation)", 0, read.getInt());
      stage.expectTrue("version 1 is offered", offered(read).contains(1), HexFormat.of().formatHex(answer, 0, got.getLength()));
    }
  }

  /// Versions behind the two connection ids of a version negotiation.
  private static List<Integer> offered(ByteBuffer packet) {
    for (int id = 0; id < 2; id++) {
      int size = packet.get() & 0xff;
      packet.position(packet.position() + size);
    }
    var versions = new ArrayList<Integer>();
    while (packet.remaining() >= Integer.BYTES) {
      versions.add(packet.getInt());
    }
    return versions;
  }
}
