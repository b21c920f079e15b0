package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.ring.HashRing;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.peer.legacy.ScriptedHolder;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A client as upstream's are, without TLS and without identity, takes a file from a peer of ours that took it from the
/// origin: processes, plain ports, the messages in the order in which client 1.5.10 sends them.
@NullMarked
@Tag("real")
@Timeout(240)
class LegacyClientTest {
  private static final int SIZE = 2 * GoodContent.PIECE + 4711;
  private static final String ID = "127.0.0.1-upstream";
  private static final String PEER_ID = ID + "-00000000-0000-4000-8000-000000000001";

  private Path home = Path.of("/nowhere");
  private final Deque<ManagedChannel> channels = new ArrayDeque<>();

  @BeforeEach
  void makeHome() throws IOException {
    home = Files.createTempDirectory("df");
  }

  @AfterEach
  void clean() throws IOException {
    channels.forEach(ManagedChannel::shutdownNow);
    Homes.delete(home);
  }

  private static int freePort() throws IOException {
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  private ManagedChannel plain(int port) {
    var channel =
        NettyChannelBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)).usePlaintext().build();
    channels.push(channel);
    return channel;
  }

  /// A path whose task is the first scheduler's: only that one has a plain port here.
  private static String pathOfFirstScheduler(ScriptedOrigin origin) {
    var ring =
        HashRing.of(
            List.of(new HashRing.Member<>("scheduler-1", true), new HashRing.Member<>("scheduler-2", false)));
    return IntStream.range(0, 100)
        .mapToObj(i -> "/f" + i)
        .filter(path -> ring.owner(TaskTuple.of(download(origin, path)).id().value()).orElseThrow())
        .findFirst()
        .orElseThrow();
  }

  private static Download download(ScriptedOrigin origin, String path) {
    return Download.newBuilder().setUrl(origin.url(path)).build();
  }

  @Test
  @Threat("S-LEG-1")
  void upstreamClient_takesAFileFromAPeer() throws Exception {
    int managerPort = freePort();
    int schedulerPort = freePort();
    var plan =
        Cluster.Plan.of(List.of("p1"))
            .withSettings(
                Map.of(
                    "manager",
                    "legacy: {listen: \"127.0.0.1:%d\", cluster: east, scheduler-port: %d}".formatted(managerPort, schedulerPort),
                    "scheduler-1", "legacy: {listen: \"127.0.0.1:%d\"}".formatted(schedulerPort),
                    "p1", Cluster.Plan.LOOPBACK + ", legacy: {listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\"}"));
    try (var origin = ScriptedOrigin.start("127.0.0.1");
        var cluster = Cluster.start(home, plan)) {
      String path = pathOfFirstScheduler(origin);
      var content = GoodContent.of(SIZE, 1);
      origin.on(path, content);
      var got = Command.await(cluster.get("p1", origin.url(path), home.resolve("out"), "--timeout", "90s"));
      assertThat(got.code()).as(got.all()).isZero();

      assertThat(findScheduler(managerPort)).isEqualTo(schedulerPort);
      var scheduler = plain(schedulerPort);
      announce(scheduler);
      byte[] fetched = fetch(scheduler, download(origin, path));

      assertThat(fetched).isEqualTo(content.bytes());
      assertThat(cluster.log("p1")).contains("legacy listener");
      cluster.awaitAudit("scheduler-1", "caller without an identity");
    }
  }

  /// The other way round: the client has the file, and a peer takes it by the digest when the origin is gone.
  @Test
  @Threat("S-LEG-6")
  void upstreamClient_givesAFileToAPeer() throws Exception {
    int managerPort = freePort();
    int schedulerPort = freePort();
    var content = GoodContent.of(SIZE, 2);
    String url;
    Download download;
    try (var origin = ScriptedOrigin.start("127.0.0.1")) {
      String path = pathOfFirstScheduler(origin);
      url = origin.url(path);
      download = download(origin, path);
    } // and it is gone
    try (var host = new ScriptedHolder("127.0.0.1", 0, ScriptedHolder.serving(content.bytes(), GoodContent.PIECE))) {
      String parents = ", legacy-parents: {networks: [\"127.0.0.0/8\"], piece-port: %d}".formatted(host.port());
      var plan =
          Cluster.Plan.of(List.of("p1"))
              .withSettings(
                  Map.of(
                      "manager",
                      "legacy: {listen: \"127.0.0.1:%d\", cluster: east, scheduler-port: %d}".formatted(managerPort, schedulerPort),
                      "scheduler-1", "legacy: {listen: \"127.0.0.1:%d\"}".formatted(schedulerPort),
                      "p1", Cluster.Plan.LOOPBACK + parents));
      try (var cluster = Cluster.start(home, plan)) {
        var scheduler = plain(schedulerPort);
        announce(scheduler);
        finish(scheduler, download);

        String digest = Digest.of(Sha256.of(Sha256.newDigest().digest(content.bytes()))).toString();
        var got = Command.await(cluster.get("p1", url, home.resolve("out"), "--digest", digest, "--timeout", "90s"));

        assertThat(got.code()).as(got.all()).isZero();
        assertThat(home.resolve("out")).hasBinaryContent(content.bytes());
        assertThat(SwarmProcessesTest.number(got.out(), "from_legacy")).as(got.all()).isEqualTo(SIZE);
        cluster.awaitAudit("p1", "unverified until digest");
        cluster.awaitAudit("scheduler-1", "legacy.name");
      }
    }
  }

  /// Tells that it has the file from the origin.
  private static void finish(ManagedChannel scheduler, Download download) throws Exception {
    var heard = new LinkedBlockingQueue<AnnouncePeerResponse>();
    var ended = new LinkedBlockingQueue<String>();
    var stream = SchedulerGrpc.newStub(scheduler).announcePeer(new Heard(heard, ended));
    var ids = AnnouncePeerRequest.newBuilder().setHostId(ID).setPeerId(PEER_ID).setTaskId(TaskTuple.of(download).id().value());
    stream.onNext(ids.setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(download)).build());
    assertThat(heard.poll(30, TimeUnit.SECONDS)).as("%s", ended).isNotNull();
    var started = DownloadPeerBackToSourceStartedRequest.getDefaultInstance();
    stream.onNext(ids.setDownloadPeerBackToSourceStartedRequest(started).build());
    var finished = DownloadPeerBackToSourceFinishedRequest.getDefaultInstance();
    stream.onNext(ids.setDownloadPeerBackToSourceFinishedRequest(finished).build());
    assertThat(ended.poll(30, TimeUnit.SECONDS)).isEqualTo("OK");
  }

  private int findScheduler(int managerPort) {
    var request =
        ListSchedulersRequest.newBuilder()
            .setSourceType(SourceType.PEER_SOURCE)
            .setHostname("upstream")
            .setIp("127.0.0.1")
            .setVersion("1.5.10")
            .setCommit("unknown")
            .setSchedulerClusterId(1)
            .build();
    return ManagerGrpc.newBlockingStub(plain(managerPort)).listSchedulers(request).getSchedulers(0).getPort();
  }

  private static void announce(ManagedChannel scheduler) {
    var host = Host.newBuilder().setId(ID).setHostname("upstream").setIp("127.0.0.1").setPort(4000).setDownloadPort(4000);
    var done = SchedulerGrpc.newBlockingStub(scheduler).announceHost(AnnounceHostRequest.newBuilder().setHost(host).build());
    assertThat(done).isNotNull();
  }

  private byte[] fetch(ManagedChannel scheduler, Download download) throws Exception {
    var heard = new LinkedBlockingQueue<AnnouncePeerResponse>();
    var ended = new LinkedBlockingQueue<String>();
    var stream = SchedulerGrpc.newStub(scheduler).announcePeer(new Heard(heard, ended));
    var sized =
        download.toBuilder()
            .setOutputPath("/data/out/f")
            .setActualContentLength(SIZE)
            .setActualPieceLength(GoodContent.PIECE)
            .setActualPieceCount(3);
    var ids = AnnouncePeerRequest.newBuilder().setHostId(ID).setPeerId(PEER_ID).setTaskId(TaskTuple.of(download).id().value());
    stream.onNext(ids.setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(sized)).build());
    AnnouncePeerResponse answer = heard.poll(30, TimeUnit.SECONDS);
    assertThat(answer).as("%s", ended).isNotNull();
    Peer parent = answer.getNormalTaskResponse().getCandidateParents(0);
    stream.onNext(ids.setDownloadPeerStartedRequest(DownloadPeerStartedRequest.getDefaultInstance()).build());
    byte[] content = pieces(parent, ids.getTaskId());
    stream.onNext(ids.setDownloadPeerFinishedRequest(DownloadPeerFinishedRequest.getDefaultInstance()).build());
    assertThat(ended.poll(1, TimeUnit.SECONDS)).isEqualTo("OK"); // the client waits for it, and never closes its side
    return content;
  }

  private byte[] pieces(Peer parent, String task) throws IOException {
    var request = SyncPiecesRequest.newBuilder().setHostId(ID).setTaskId(task).addAllInterestedPieceNumbers(List.of(0, 1, 2));
    Iterator<SyncPiecesResponse> told =
        DfdaemonUploadGrpc.newBlockingStub(plain(parent.getHost().getPort()))
            .withDeadlineAfter(10, TimeUnit.SECONDS)
            .syncPieces(request.build());
    var content = ByteBuffer.allocate(SIZE);
    while (told.hasNext()) {
      SyncPiecesResponse piece = told.next();
      assertThat(piece.getIp()).isEqualTo("127.0.0.1");
      byte[] bytes = piece(piece.getTcpPort(), task, piece);
      content.put(Math.toIntExact(piece.getOffset()), bytes);
    }
    return content.array();
  }

  /// One vortex request on a connection of its own.
  private static byte[] piece(int port, String task, SyncPiecesResponse piece) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(30_000);
      var out = new DataOutputStream(socket.getOutputStream());
      out.write(
          ByteBuffer.allocate(74)
              .put((byte) 42)
              .put((byte) 0)
              .putInt(68)
              .put(task.getBytes(StandardCharsets.US_ASCII))
              .putInt(piece.getNumber())
              .array());
      var in = new DataInputStream(socket.getInputStream());
      in.readByte();
      assertThat(in.readByte()).isEqualTo((byte) 1);
      in.readNBytes(in.readInt());
      return in.readNBytes(Math.toIntExact(piece.getLength()));
    }
  }

  private record Heard(BlockingQueue<AnnouncePeerResponse> answers, BlockingQueue<String> ends)
      implements StreamObserver<AnnouncePeerResponse> {
    @Override
    public void onNext(AnnouncePeerResponse answer) {
      answers.add(answer);
    }

    @Override
    public void onError(Throwable cause) {
      ends.add(String.valueOf(cause));
    }

    @Override
    public void onCompleted() {
      ends.add("OK");
    }
  }
}
