package dev.damselfly.conformance.peer;

import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.link.Credentials;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Probe;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;

/// What a peer refuses, and what it keeps to itself.
final class PeerGuardCases {
  private static final Set<Status.Code> DENIED =
      Set.of(Status.Code.PERMISSION_DENIED, Status.Code.UNAUTHENTICATED, Status.Code.NOT_FOUND, Status.Code.INVALID_ARGUMENT);
  private static final Set<Status.Code> NO_CONNECTION = Set.of(Status.Code.UNAVAILABLE, Status.Code.UNAUTHENTICATED);

  private PeerGuardCases() {}

  static List<Case> all() {
    return List.of(
        Case.wire("UPG-022/health", "C9", Role.PEER, "wire-api 1", "the health service says SERVING", PeerGuardCases::health),
        Case.wire("UPG-020/every-rpc", "C20", Role.PEER, "wire-api 6", "every RPC of the service is answered, and the process lives", PeerGuardCases::everyRpc),
        secure("SEC-220/anonymous", "a caller without a certificate is refused", stage -> stranger(stage, stage.target().actors().anonymous())).needing("mtls"),
        secure("SEC-220/foreign", "a caller of another authority is refused", stage -> stranger(stage, stage.target().actors().foreign(Role.SCHEDULER, "s1"))).needing("mtls"),
        secure("SEC-220/expired", "a caller whose certificate has expired is refused", stage -> stranger(stage, stage.target().actors().expired(Role.SCHEDULER, "s1"))).needing("mtls"),
        secure("SEC-220/plain", "a caller without TLS is refused", stage -> stranger(stage, new Credentials.Plain())).needing("mtls"),
        secure("SEC-220/role", "a peer cannot make another peer download", PeerGuardCases::role).needing("mtls"),
        secure("SEC-220/path", "a network caller cannot name an output path", PeerGuardCases::path),
        secure("SEC-220/task-id", "task ids that are not 64 lower-case hexadecimal digits are refused", PeerGuardCases::taskIds),
        secure("SEC-220/number", "piece numbers beyond every file are refused", PeerGuardCases::number),
        secure("SEC-220/redirect", "a redirect into a link-local address is not followed", PeerGuardCases::redirect),
        secure("SEC-220/canary", "request headers reach the origin and nobody else", PeerGuardCases::canary),
        secure("SEC-220/reflection", "reflection is off", PeerGuardCases::reflection));
  }

  private static Case secure(String id, String title, Case.Body body) {
    return Case.security(id, "C20", Role.PEER, "security C20", title, body);
  }

  static void health(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    String seen = Probe.health(stage, site.endpoint(), Role.SCHEDULER, "s1");
    stage.control("the health service answers", !seen.startsWith("error"), seen);

    stage.expect("status of the empty service name", "SERVING", seen);
  }

  static void everyRpc(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.fetched(site.origin().content());
    for (Role role : List.of(Role.SCHEDULER, Role.PEER)) {
      Channel channel = site.channel(role, role == Role.PEER ? "child-a" : "s1");
      for (MethodDescriptor<?, ?> method : DfdaemonUploadGrpc.getServiceDescriptor().getMethods()) {
        Status.Code code = callEmpty(stage, channel, method);
        stage.expectTrue(
            method.getBareMethodName() + " with an empty request is refused or not served",
            code != Status.Code.UNAVAILABLE && code != Status.Code.UNKNOWN && code != Status.Code.DEADLINE_EXCEEDED,
            code);
      }
    }
    site.download(site.origin().content()).expectGood("a download afterwards");
  }

  /// How a call with an empty message is answered.
  private static Status.Code callEmpty(Stage stage, Channel channel, MethodDescriptor<?, ?> method) throws InterruptedException {
    MethodDescriptor<byte[], byte[]> raw =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(method.getType())
            .setFullMethodName(method.getFullMethodName())
            .setRequestMarshaller(Bytes.ONE)
            .setResponseMarshaller(Bytes.ONE)
            .build();
    var ends = new LinkedBlockingQueue<Status.Code>();
    var call = channel.newCall(raw, CallOptions.DEFAULT.withDeadlineAfter(stage.patience().toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS));
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(byte[] message) {
            ends.add(Status.Code.OK); // a stream that stays open is an answer, too
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            ends.add(status.getCode());
          }
        },
        new Metadata());
    call.request(1);
    call.sendMessage(new byte[0]);
    call.halfClose();
    Status.Code code = stage.await("an answer of " + method.getFullMethodName(), ends);
    call.cancel("seen", null);
    return code;
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    static final Bytes ONE = new Bytes();

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static void stranger(Stage stage, Credentials credentials) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    Content content = site.origin().content();
    site.fetched(content);
    var request = StatLocalTaskRequest.newBuilder().setTaskId(content.taskId()).build();
    stage.control("a known caller is served", site.stat(content.taskId()) == Status.Code.OK, site.stat(content.taskId()));

    var stub = DfdaemonUploadGrpc.newBlockingStub(stage.wire().channel("stranger", site.endpoint(), credentials));
    Status.Code code = Probe.code(() -> stub.withDeadlineAfter(stage.patience()).statLocalTask(request));

    stage.expectTrue("no connection", NO_CONNECTION.contains(code), code);
  }

  static void role(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.fetched(site.origin().content());
    var transfer = new Transfer(stage);
    var request = dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest.newBuilder().setDownload(site.origin().content().download()).build();

    DfdaemonUploadGrpc.newStub(site.channel(Role.PEER, "child-a")).downloadTask(request, transfer);

    Status.Code code = transfer.end();
    stage.expectTrue("DownloadTask by a peer", DENIED.contains(code), code);
  }

  static void path(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.fetched(site.origin().content());
    var file = stage.work().resolve("written");

    Status.Code code = site.download(site.origin().content().with(download -> download.setOutputPath(file.toString()))).end();

    stage.expectTrue("DownloadTask with output_path", DENIED.contains(code), code);
    stage.expect("the file exists", false, java.nio.file.Files.exists(file));
  }

  static void taskIds(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    Content content = site.origin().content();
    site.fetched(content);
    for (String id : Probe.hostileTaskIds(content.taskId())) {
      stage.expect("StatLocalTask of '" + id + "'", Status.Code.INVALID_ARGUMENT, site.stat(id));
    }
  }

  static void number(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    Content content = site.origin().content();
    site.fetched(content);
    var calls = DfdaemonUploadGrpc.newBlockingStub(site.channel(Role.PEER, "child-a")).withDeadlineAfter(stage.patience());
    for (int number : new int[] {-1, Integer.MIN_VALUE}) {
      var request = SyncPiecesRequest.newBuilder().setHostId("127.0.0.1-child-a").setTaskId(content.taskId()).addInterestedPieceNumbers(number).build();
      Status.Code code = Probe.code(() -> calls.syncPieces(request).forEachRemaining(_ -> {}));
      stage.expect("SyncPieces of piece " + Integer.toUnsignedString(number), Status.Code.INVALID_ARGUMENT, code);
    }
  }

  static void redirect(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.fetched(site.origin().content());
    site.origin().redirect("http://169.254.169.254/latest/meta-data/");

    Status.Code code = site.download(site.origin().content()).end();

    stage.expectTrue("the download fails at the redirect", code == Status.Code.PERMISSION_DENIED || code == Status.Code.FAILED_PRECONDITION, code);
  }

  static void canary(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    String secret = "canary" + stage.taskId();
    site.fetched(site.origin().content().with(download -> download.putRequestHeader("Authorization", "Bearer " + secret)));

    stage.expectTrue("the secret is not in the output of the program", !site.peer().output().contains(secret), "it is there");
    stage.expect("files that hold the secret", List.of(), Probe.filesWith(stage.work(), secret));
  }

  static void reflection(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.fetched(site.origin().content());

    Status.Code code = Probe.reflection(stage, site.endpoint(), Role.SCHEDULER, "s1");

    stage.expectTrue("server reflection is not served", code == Status.Code.UNIMPLEMENTED || DENIED.contains(code), code);
  }
}
