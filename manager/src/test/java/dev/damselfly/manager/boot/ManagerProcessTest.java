package dev.damselfly.manager.boot;

import static dev.damselfly.manager.boot.RunningManager.ALIVE;
import static dev.damselfly.manager.boot.RunningManager.PEER;
import static dev.damselfly.manager.boot.RunningManager.SCHEDULER;
import static dev.damselfly.manager.boot.RunningManager.registration;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Empty;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.manager.store.Database;
import dev.damselfly.manager.store.DatabaseLocation;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class ManagerProcessTest {
  private final Path parent;
  private final Set<Integer> portsBefore;
  private final RunningManager manager;
  private final ManagedChannel scheduler;
  private final ManagedChannel peer;

  ManagerProcessTest(@TempDir Path parent) throws Exception {
    this.parent = parent;
    portsBefore = listening();
    manager = new RunningManager(parent.resolve("db"));
    scheduler = manager.as(SCHEDULER);
    peer = manager.as(PEER);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /// The end of a keep-alive stream, as its client sees it.
  private static final class End implements StreamObserver<Empty> {
    private final BlockingQueue<Object> ends = new LinkedBlockingQueue<>();

    @Override
    public void onNext(Empty message) {}

    @Override
    public void onError(Throwable cause) {
      ends.add(cause);
    }

    @Override
    public void onCompleted() {
      ends.add("completed");
    }

    Object await() throws InterruptedException {
      Object end = ends.poll(10, TimeUnit.SECONDS);
      assertThat(end).isNotNull();
      return end;
    }
  }

  private StreamObserver<KeepAliveRequest> alive(End end) throws InterruptedException {
    ManagerGrpc.newBlockingStub(scheduler).updateScheduler(registration());
    var stream = ManagerGrpc.newStub(scheduler).keepAlive(end);
    stream.onNext(ALIVE);
    manager.audit.await(event -> "keep-alive".equals(event.detail().get("step")));
    return stream;
  }

  private void awaitLeave() throws InterruptedException {
    manager.audit.await(event -> event.action() == AuditAction.PEER_LEAVE);
  }

  @Test
  void scheduler_isToldToNobodyBeforeAndAfterItsStream() throws Exception {
    var before = manager.suited(peer);
    var end = new End();
    var stream = alive(end);
    stream.onNext(ALIVE);
    stream.onCompleted();

    assertThat(end.await()).isEqualTo("completed");
    assertThat(before).isEmpty();
    assertThat(manager.suited(peer)).isEmpty();
  }

  @Test
  void scheduler_isToldToPeersWhileItsStreamLives() throws Exception {
    var end = new End();
    var stream = alive(end);

    assertThat(manager.suited(peer)).singleElement().satisfies(row -> assertThat(row.getState()).isEqualTo("active"));
    stream.onCompleted();
    end.await();
  }

  @Test
  void scheduler_whoseConnectionBreaksIsInactive() throws Exception {
    alive(new End());

    scheduler.shutdownNow();
    awaitLeave();

    assertThat(manager.suited(peer)).isEmpty();
  }

  @Test
  void scheduler_whoseMessageIsRefusedBeforeItsHandlerIsInactive() throws Exception {
    var end = new End();
    var stream = alive(end);

    stream.onNext(ALIVE.toBuilder().setHostname("not_a_host").build());
    awaitLeave();

    assertThat(GrpcErrors.reasonOf((Throwable) end.await())).contains(Reason.MALFORMED_FIELD);
    assertThat(manager.suited(peer)).isEmpty();
  }

  @Test
  @Threat({"S-MGR-9"})
  void listSchedulers_ofAnotherClusterIsRefusedAndRecorded() {
    var stranger = manager.as("/damselfly/peer/west/node-1");
    var request =
        ListSchedulersRequest.newBuilder()
            .setSourceType(SourceType.PEER_SOURCE)
            .setHostname("node-1")
            .setIp("127.0.0.1")
            .setSchedulerClusterId(1)
            .build();

    var error =
        catchThrowableOfType(
            StatusRuntimeException.class, () -> ManagerGrpc.newBlockingStub(stranger).listSchedulers(request));

    assertThat(GrpcErrors.reasonOf(error)).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(manager.audit.of(AuditAction.AUTHZ_DENY))
        .singleElement()
        .satisfies(event -> assertThat(event.actor()).endsWith("/west/node-1"));
  }

  @Test
  @Threat({"S-MGR-12"})
  void updateScheduler_ofAnothersHostNameIsRefusedAndRecorded() {
    ManagerGrpc.newBlockingStub(scheduler).updateScheduler(registration());
    var other = manager.as("/damselfly/scheduler/east/b");

    var error =
        catchThrowableOfType(
            StatusRuntimeException.class, () -> ManagerGrpc.newBlockingStub(other).updateScheduler(registration()));

    assertThat(GrpcErrors.reasonOf(error)).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(manager.audit.of(AuditAction.AUTHZ_DENY))
        .singleElement()
        .satisfies(event -> assertThat(event.object()).isEqualTo("rpc:manager.v2.Manager/UpdateScheduler"));
  }

  @Test
  @Threat({"S-MGR-11"})
  void brokenDatabase_isTellingNobodyHowItIsBuilt() {
    var stub = ManagerGrpc.newBlockingStub(scheduler);
    try (var same = Database.open(new DatabaseLocation.Directory(parent.resolve("db")))) {
      same.inTransaction(handle -> handle.execute("alter table scheduler rename column host_key to gone"));
    }

    var error = catchThrowableOfType(StatusRuntimeException.class, () -> stub.updateScheduler(registration()));

    assertThat(error.getStatus().getCode()).isEqualTo(Code.INTERNAL);
    assertThat(String.valueOf(error.getStatus().getDescription()))
        .matches("internal error, incident [0-9a-f-]{36}");
  }

  @Test
  void health_isServing() {
    var answer =
        HealthGrpc.newBlockingStub(manager.as("/damselfly/operator/o")).check(HealthCheckRequest.getDefaultInstance());

    assertThat(answer.getStatus()).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void process_recordsStartAndStop() {
    manager.close();

    assertThat(manager.audit.events().getFirst().action()).isEqualTo(AuditAction.PROCESS_START);
    assertThat(manager.audit.events().getLast().action()).isEqualTo(AuditAction.PROCESS_STOP);
  }

  @Test
  @Threat({"S-MGR-13"})
  void process_listensOnItsOnePortOnly() throws Exception {
    var opened = new TreeSet<>(listening());
    opened.removeAll(portsBefore);

    assertThat(opened).containsExactly(manager.process.port());
  }

  /// TCP ports on which this process listens: listening sockets of the network namespace whose inode is among our own
  /// descriptors.
  private static Set<Integer> listening() throws IOException {
    Set<String> own = new TreeSet<>();
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors.filter(Files::isSymbolicLink).toList()) {
        own.add(Files.readSymbolicLink(descriptor).toString());
      }
    }
    Set<Integer> ports = new TreeSet<>();
    for (String table : Set.of("tcp", "tcp6")) {
      ports.addAll(
          Files.readAllLines(Path.of("/proc/self/net").resolve(table)).stream()
              .map(line -> line.trim().split("\\s+"))
              .filter(columns -> columns.length > 9 && columns[3].equals("0A"))
              .filter(columns -> own.contains("socket:[" + columns[9] + "]"))
              .map(columns -> Integer.parseInt(columns[1].substring(columns[1].lastIndexOf(':') + 1), 16))
              .collect(Collectors.toSet()));
    }
    return ports;
  }
}
