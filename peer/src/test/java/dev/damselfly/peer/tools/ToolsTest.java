package dev.damselfly.peer.tools;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Duration;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.ObjectStorage;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.common.v2.TrafficType;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonDownloadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.ListLocalTasksRequest;
import dev.damselfly.api.wire.dfdaemon.v2.ListTaskEntriesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatTaskRequest;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.peer.origin.ScriptedOrigin;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The service of the tools, over its socket.
@NullMarked
@Timeout(60)
class ToolsTest {
  private static final int PIECE = 4 << 20;
  private static final byte[] CONTENT = new byte[2 * PIECE + 4711];
  private static final String UNKNOWN = "0".repeat(64);
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  static {
    new Random(1).nextBytes(CONTENT);
  }

  @TempDir Path directory;
  private ToolsLab lab;
  private ScriptedOrigin origin;

  @BeforeEach
  void open() throws IOException {
    lab = new ToolsLab(directory);
    var serving = ScriptedOrigin.serving(CONTENT, "\"v1\"");
    origin =
        ScriptedOrigin.start(
            exchange -> {
              switch (exchange.target()) {
                case "/empty" -> ScriptedOrigin.serving(new byte[0], "\"e\"").answer(exchange);
                case "/missing" -> exchange.head(404, "Content-Length: 0");
                case "/forbidden" -> exchange.head(403, "Content-Length: 0");
                default -> serving.answer(exchange);
              }
            });
  }

  @AfterEach
  void close() throws IOException {
    lab.close();
    origin.close();
  }

  private Download.Builder asked(String path) {
    return Download.newBuilder()
        .setUrl(origin.url(path))
        .setTag("")
        .setApplication("")
        .setPriority(Priority.LEVEL6)
        .setTimeout(Duration.newBuilder().setSeconds(7200))
        .setRemoteIp("192.0.2.2");
  }

  private List<DownloadTaskResponse> run(Download.Builder download) {
    var heard = new ArrayList<DownloadTaskResponse>();
    lab.stub().downloadTask(request(download)).forEachRemaining(heard::add);
    return heard;
  }

  private static DownloadTaskRequest request(Download.Builder download) {
    return DownloadTaskRequest.newBuilder().setDownload(download).build();
  }

  private StatusRuntimeException refused(Download.Builder download) {
    return refused(() -> run(download));
  }

  private static StatusRuntimeException refused(Supplier<?> call) {
    return catchThrowableOfType(StatusRuntimeException.class, call::get);
  }

  private String output(String name) {
    return lab.outputs.resolve(name).toString();
  }

  private static List<Piece> pieces(List<DownloadTaskResponse> heard) {
    return heard.stream().skip(1).map(m -> m.getDownloadPieceFinishedResponse().getPiece()).toList();
  }

  @Test
  void output_hasTheContent_andEachAnnouncedPieceIsToldOnce() throws IOException {
    var heard = run(asked("/f").setOutputPath(output("f")));

    var started = heard.getFirst().getDownloadTaskStartedResponse();
    assertThat(started.getContentLength()).isEqualTo(CONTENT.length);
    assertThat(started.getPiecesList()).extracting(Piece::getNumber).containsExactly(0, 1, 2);
    assertThat(started.getResponseHeaderMap()).containsEntry("etag", "\"v1\"");
    assertThat(pieces(heard)).extracting(Piece::getNumber).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(pieces(heard)).allMatch(piece -> piece.getTrafficType() == TrafficType.BACK_TO_SOURCE && piece.hasCost());
    assertThat(pieces(heard)).allMatch(piece -> piece.getContent().isEmpty() && piece.hasCreatedAt());
    assertThat(Files.readAllBytes(lab.outputs.resolve("f"))).isEqualTo(CONTENT);
    assertThat(names()).containsExactly("f");
    assertThat(heard).allMatch(m -> m.getHostId().equals("127.0.0.1-lab") && m.getPeerId().startsWith("127.0.0.1-lab-"));

    var again = run(asked("/f").setOutputPath(output("again")));

    assertThat(again.getFirst().getDownloadTaskStartedResponse().getIsFinished()).isTrue();
    assertThat(pieces(again)).hasSize(3).allMatch(piece -> piece.getTrafficType() == TrafficType.LOCAL_PEER);
    assertThat(Files.readAllBytes(lab.outputs.resolve("again"))).isEqualTo(CONTENT);
    assertThat(lab.audit.events()).anyMatch(event -> event.action() == AuditAction.EXPORT);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(lab.outputs)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Test
  void content_comesInline_whenTheCallerWrites() {
    byte[] got = new byte[CONTENT.length];

    for (Piece piece : pieces(run(asked("/f").setNeedPieceContent(true)))) {
      piece.getContent().copyTo(got, (int) piece.getOffset());
    }

    assertThat(got).isEqualTo(CONTENT);
  }

  @Test
  void emptyContent_isOneMessage_andAnEmptyFile() throws IOException {
    var heard = run(asked("/empty").setOutputPath(output("empty")));

    assertThat(heard).hasSize(1);
    assertThat(heard.getFirst().getDownloadTaskStartedResponse().getPiecesList()).isEmpty();
    assertThat(Files.size(lab.outputs.resolve("empty"))).isZero();
  }

  @Test
  void rangeHeader_namesWholePieces_inAFileOfFullLength() throws IOException {
    var heard = run(asked("/f").putRequestHeader("Range", "bytes=-100").setOutputPath(output("part")));

    var started = heard.getFirst().getDownloadTaskStartedResponse();
    assertThat(started.getRange().getStart()).isEqualTo(CONTENT.length - 100);
    assertThat(started.getRange().getLength()).isEqualTo(100);
    assertThat(started.getPiecesList()).extracting(Piece::getNumber).containsExactly(2);
    byte[] file = Files.readAllBytes(lab.outputs.resolve("part"));
    assertThat(file).hasSize(CONTENT.length);
    assertThat(Arrays.copyOfRange(file, 2 * PIECE, file.length)).isEqualTo(Arrays.copyOfRange(CONTENT, 2 * PIECE, CONTENT.length));

    var beyond = refused(asked("/f").putRequestHeader("range", "bytes=99999999-").setOutputPath(output("beyond")));

    assertThat(beyond.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(names()).containsExactly("part");
  }

  @Test
  void originsAnswer_isToldAsTheToolsReadIt() throws IOException {
    for (var refusal : Map.of("/missing", "404 Not Found", "/forbidden", "403 Forbidden").entrySet()) {
      var error = refused(asked(refusal.getKey()).setOutputPath(output("no")));

      assertThat(error.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
      assertThat(error.getStatus().getDescription()).isEqualTo("backend error: " + refusal.getValue());
      assertThat(details(error))
          .isEqualTo(
              "{\"message\":\"%s\",\"header\":{},\"status_code\":%s}"
                  .formatted(refusal.getValue(), refusal.getValue().substring(0, 3)));
    }
    assertThat(names()).isEmpty();
  }

  private static String details(StatusRuntimeException error) {
    return Optional.ofNullable(error.getTrailers())
        .flatMap(trailers -> Optional.ofNullable(trailers.get(DETAILS)))
        .map(bytes -> new String(bytes, UTF_8))
        .orElse("");
  }

  @Test
  @Threat("S-TLS-2")
  void wrongDigest_leavesNothingOfTheContent() throws IOException {
    Files.writeString(lab.outputs.resolve("old"), "mine");

    for (String name : List.of("f", "old")) {
      var asked = asked("/f").setDigest("sha256:" + UNKNOWN).setOutputPath(output(name)).setOverwrite(name.equals("old"));
      assertThat(refused(asked).getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
    }

    assertThat(names()).containsExactly("f", "old"); // the tool removes what it asked for, and fails when it cannot
    assertThat(lab.outputs.resolve("f")).isEmptyFile();
    assertThat(lab.outputs.resolve("old")).hasContent("mine");
  }

  static Stream<Download.Builder> powers() {
    return Stream.of(
        Download.newBuilder().setForceHardLink(true),
        Download.newBuilder().addCertificateChain(com.google.protobuf.ByteString.copyFromUtf8("x")),
        Download.newBuilder().setObjectStorage(ObjectStorage.newBuilder().setCredentialPath("/etc/shadow")),
        Download.newBuilder().setObjectStorage(ObjectStorage.newBuilder().setInsecureSkipVerify(true)),
        Download.newBuilder().setOutputPath("relative"),
        Download.newBuilder().setOutputPath("/etc/file"),
        Download.newBuilder().setOutputPath("/"),
        Download.newBuilder().setOutputPath("/tmp/../etc/file"),
        Download.newBuilder().setTimeout(Duration.newBuilder().setSeconds(-1)),
        Download.newBuilder().setTimeout(Duration.newBuilder().setSeconds(1L << 40)));
  }

  @ParameterizedTest
  @MethodSource("powers")
  @Threat({"S-TLS-2", "S-TLS-3"})
  void powers_areRefusedBeforeTheOriginIsAsked(Download.Builder power) {
    var error = refused(asked("/f").mergeFrom(power.build()));

    assertThat(error.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(error.getStatus().getDescription()).startsWith("download.");
    assertThat(origin.requests()).isEmpty();
  }

  @Test
  @Threat("S-TLS-2")
  void requestThatIsRefused_leavesNoOutput() throws IOException {
    for (Download.Builder wrong :
        List.of(
            asked("/f").setTimeout(Duration.newBuilder().setSeconds(1L << 40)),
            asked("/f").putRequestHeader("range", "bytes=2-1"),
            asked("/f").setForceHardLink(true),
            Download.newBuilder().setUrl("ftp://127.0.0.1/f"))) {
      assertThat(refused(wrong.setOutputPath(output("new"))).getStatus().getCode())
          .isIn(Status.Code.INVALID_ARGUMENT, Status.Code.FAILED_PRECONDITION);
      assertThat(names()).isEmpty();
    }
  }

  @Test
  @Threat("S-TLS-2")
  void output_isNewAndInAPlaceOfTheDaemonsOwn() throws IOException {
    Files.writeString(lab.outputs.resolve("taken"), "mine");
    Files.createSymbolicLink(lab.outputs.resolve("away"), directory);
    Files.createSymbolicLink(lab.outputs.resolve("link"), directory.resolve("target"));
    Path open = Files.createDirectory(lab.outputs.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

    for (String name : List.of("taken", "away/f", "link", "open/f", "missing/f", ".hidden")) {
      assertThat(refused(asked("/f").setOutputPath(output(name))).getStatus().getCode())
          .as(name)
          .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    assertThat(Files.readString(lab.outputs.resolve("taken"))).isEqualTo("mine");
    assertThat(directory.resolve("f")).doesNotExist();
    assertThat(directory.resolve("target")).doesNotExist();

    run(asked("/f").setOutputPath(output("taken")).setOverwrite(true));
    run(asked("/f").setOutputPath(output("link")).setOverwrite(true));

    assertThat(Files.readAllBytes(lab.outputs.resolve("taken"))).isEqualTo(CONTENT);
    assertThat(lab.outputs.resolve("link")).isRegularFile();
    assertThat(directory.resolve("target")).doesNotExist(); // the link was replaced, not followed
  }

  @Test
  void deniedEgress_isPermissionDenied() {
    var error = refused(Download.newBuilder().setUrl("http://10.0.0.1/f").setPriority(Priority.LEVEL6));

    assertThat(error.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(error.getStatus().getDescription()).startsWith("egress");
  }

  @Test
  void tasks_areListedAndDeleted() {
    String id = run(asked("/f")).getFirst().getTaskId();
    var stub = lab.stub();

    assertThat(stub.listLocalTasks(ListLocalTasksRequest.getDefaultInstance()).getTasksList())
        .singleElement()
        .satisfies(task -> assertThat(task.getTaskId()).isEqualTo(id));
    var held = stub.statLocalTask(StatLocalTaskRequest.newBuilder().setTaskId(id).build());
    assertThat(held.getContentLength()).isEqualTo(CONTENT.length);
    assertThat(held.hasFinishedAt()).isTrue();
    assertThat(stub.statTask(StatTaskRequest.newBuilder().setTaskId(id).build()).getId()).isEqualTo(id);

    assertThat(stub.deleteTask(DeleteTaskRequest.newBuilder().setTaskId(id).build())).isNotNull();

    assertThat(stub.listLocalTasks(ListLocalTasksRequest.getDefaultInstance()).getTasksList()).isEmpty();
    for (Supplier<?> call :
        List.<Supplier<?>>of(
            () -> stub.statLocalTask(StatLocalTaskRequest.newBuilder().setTaskId(UNKNOWN).build()),
            () -> stub.deleteTask(DeleteTaskRequest.newBuilder().setTaskId(UNKNOWN).build()),
            () -> stub.deleteLocalTask(DeleteLocalTaskRequest.newBuilder().setTaskId(UNKNOWN).build()))) {
      assertThat(refused(call).getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
      assertThat(refused(call).getStatus().getDescription()).isEqualTo("task " + UNKNOWN + " not found");
    }
    assertThat(lab.audit.events()).anyMatch(event -> event.action() == AuditAction.TASK_DELETE);
  }

  @Test
  void whatIsNotServed_saysSo_andHealthIsServing() {
    var request = ListTaskEntriesRequest.newBuilder().setTaskId(UNKNOWN).setUrl(origin.url("/d/")).build();

    var error = refused(() -> lab.stub().listTaskEntries(request));

    assertThat(error.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
    assertThat(error.getStatus().getDescription()).contains("does not serve");
    var health = HealthCheckRequest.newBuilder().setService(DfdaemonDownloadGrpc.SERVICE_NAME).build();
    assertThat(HealthGrpc.newBlockingStub(lab.channel()).check(health).getStatus()).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  @Threat("S-TLS-4")
  void share_ofMemory_isOfEachUser_andOnePieceAlwaysPasses() throws Exception {
    var budget = new InlineBudget(100, 150);
    var patience = java.time.Duration.ofMillis(1);
    var large = budget.take("a", 1000, patience);

    assertThat(catchThrowableOfType(Told.Gone.class, () -> budget.take("a", 1, patience).close())).isNotNull();
    assertThat(catchThrowableOfType(Told.Gone.class, () -> budget.take("b", 1, patience).close())).isNotNull();
    large.close();
    try (var one = budget.take("a", 100, patience); var other = budget.take("b", 50, patience)) {
      assertThat(one).isNotSameAs(other);
      assertThat(catchThrowableOfType(Told.Gone.class, () -> budget.take("b", 1, patience).close())).isNotNull();
    }
    budget.take("b", 1, patience).close();
  }

  @Test
  @Threat("S-TLS-1")
  void socket_isClosedToOthers(@TempDir Path other) throws IOException {
    Path socket;
    try (var another = new ToolsLab(other)) {
      socket = another.socket;
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket))).isEqualTo("rw-rw----");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.resolveSibling(".")))).isEqualTo("rwx------");
    }

    assertThat(socket).doesNotExist();
  }

  @Test
  @Threat({"S-TLS-1", "S-TLS-4"})
  void connectionsOverTheShare_areClosed_andRecorded(@TempDir Path other) throws Exception {
    try (var narrow = new ToolsLab(other, Files.getOwner(other), Set.of(), Map.of("connections-per-identity", 1L))) {
      narrow.stub().listLocalTasks(ListLocalTasksRequest.getDefaultInstance());
      var second = narrow.connect();
      var error =
          refused(() -> DfdaemonDownloadGrpc.newBlockingStub(second).listLocalTasks(ListLocalTasksRequest.getDefaultInstance()));
      second.shutdownNow();

      assertThat(error.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(narrow.connections()).isEqualTo(1);
    }
  }

  @Test
  @Threat("S-TLS-3")
  void taskOfTheUrl_isTheOneOfTheTuple() {
    String id = run(asked("/f")).getFirst().getTaskId();

    assertThat(id).isEqualTo(TaskTuple.of(asked("/f").build()).id().value());
  }
}
