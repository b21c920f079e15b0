package dev.damselfly.scheduler.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.Role;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class RecordedDenialsTest {
  @Test
  @Threat("S-SCH-1")
  void refusalThatNeedsTheSchedulersState_isRecordedOnce() {
    try (var scheduler = new Harness()) {
      String victim = scheduler.announce("node-1", Role.PEER);
      scheduler.announce("node-2", Role.PEER);

      var error =
          catchThrowableOfType(
              StatusRuntimeException.class,
              () -> scheduler.blocking("node-2").deleteHost(DeleteHostRequest.newBuilder().setHostId(victim).build()));

      assertThat(GrpcErrors.reasonOf(error)).contains(Reason.CALLER_NOT_ALLOWED);
      assertThat(scheduler.audit.stream().filter(event -> event.action() == AuditAction.AUTHZ_DENY))
          .singleElement()
          .satisfies(event -> assertThat(event.actor()).endsWith("/node-2"))
          .satisfies(event -> assertThat(event.object()).isEqualTo("rpc:scheduler.v2.Scheduler/DeleteHost"));
    }
  }
}
