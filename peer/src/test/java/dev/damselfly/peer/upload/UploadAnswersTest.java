package dev.damselfly.peer.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc.DfdaemonUploadBlockingStub;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.testing.ServedUploads;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a peer says about tasks to those who may not have them, and who may take them away.
@NullMarked
class UploadAnswersTest {
  private static final TaskId NOWHERE = new TaskId("0".repeat(64));

  private final MemoryAudit audit = new MemoryAudit();
  private final ServedUploads served;
  private final InProcessGuard guard;

  UploadAnswersTest(@TempDir Path directory) throws Exception {
    served = new ServedUploads(directory, (_, _) -> {}, audit);
    guard = new InProcessGuard(served.services(), ServedUploads.policy(), audit, Limits.of(Part.PEER));
  }

  @AfterEach
  void close() {
    guard.close();
    served.close();
  }

  private DfdaemonUploadBlockingStub as(Role role, String kind, String name) {
    var caller =
        new Caller(
            SpiffeId.parse("spiffe://test.example/damselfly/" + kind + "/" + ServedUploads.CLUSTER + "/" + name),
            role,
            Optional.of(ServedUploads.CLUSTER),
            name,
            Instant.MAX,
            new InetSocketAddress("127.0.0.1", 4000));
    return DfdaemonUploadGrpc.newBlockingStub(guard.as(caller));
  }

  private static String refusal(Runnable call) {
    var error = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(GrpcErrors.reasonOf(error)).contains(Reason.TASK_UNKNOWN);
    return String.valueOf(error.getStatus());
  }

  @Test
  @Threat({"S-UPG-3", "S-VTX-6"})
  void task_thatIsNotForTheChildIsAsUnknownAsOneThatIsNotThere() {
    var child = as(Role.PEER, "peer", "child");
    List<String> answers = new ArrayList<>();
    for (TaskId task : List.of(ServedUploads.COMPLETE, ServedUploads.PARTIAL, ServedUploads.RESTRICTED, NOWHERE)) {
      var request =
          SyncPiecesRequest.newBuilder().setHostId("127.0.0.1-child").setTaskId(task.value()).addInterestedPieceNumbers(0).build();
      answers.add(refusal(() -> child.syncPieces(request).forEachRemaining(_ -> {})));
    }

    assertThat(answers).containsOnly(answers.getFirst());
  }

  @Test
  @Threat("S-UPG-2")
  void task_isTakenAwayByTheSchedulerThatOwnsItOnly() {
    int before = served.held();
    var request = DeleteTaskRequest.newBuilder().setTaskId(ServedUploads.COMPLETE.value()).build();

    String foreign = refusal(() -> as(Role.SCHEDULER, "scheduler", "other").deleteTask(request));
    String absent =
        refusal(
            () ->
                as(Role.SCHEDULER, "scheduler", "s").deleteTask(DeleteTaskRequest.newBuilder().setTaskId(NOWHERE.value()).build()));

    assertThat(foreign).isEqualTo(absent);
    assertThat(served.held()).isEqualTo(before);
    assertThat(audit.of(AuditAction.AUTHZ_DENY)).singleElement().satisfies(event -> assertThat(event.actor()).endsWith("/other"));
    as(Role.SCHEDULER, "scheduler", "s").deleteTask(request);
    assertThat(served.held()).isEqualTo(before - 1);
  }

  @Test
  @Threat("S-UPG-2")
  void id_thatIsNoTaskTouchesNothing() {
    int before = served.held();
    for (String id : List.of("../../etc", "0".repeat(63), "0".repeat(63) + "/", ServedUploads.COMPLETE.value().toUpperCase(Locale.ROOT))) {
      var error =
          catchThrowableOfType(
              StatusRuntimeException.class,
              () -> as(Role.SCHEDULER, "scheduler", "s").deleteTask(DeleteTaskRequest.newBuilder().setTaskId(id).build()));
      assertThat(GrpcErrors.reasonOf(error)).as(id).contains(Reason.MALFORMED_FIELD);
    }

    assertThat(served.held()).isEqualTo(before);
  }
}
