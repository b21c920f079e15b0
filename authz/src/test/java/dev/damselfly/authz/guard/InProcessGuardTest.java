package dev.damselfly.authz.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.policy.Policy.Binding;
import dev.damselfly.authz.policy.Policy.Row;
import dev.damselfly.authz.testing.MemoryAudit;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NullMarked
class InProcessGuardTest {
  private static final Policy POLICY =
      new Policy(
          List.of(
              new Row("damselfly.v1.Swarm/Join", Set.of(Role.PEER), Binding.none()),
              new Row("damselfly.v1.Swarm/ListGrantKeys", Set.of(Role.PEER), Binding.none()),
              new Row("damselfly.v1.Swarm/ListLegacyHolders", Set.of(), Binding.none())));
  private static final Caller PEER = caller(Role.PEER, "/damselfly/peer/east/host-1");

  private final MemoryAudit audit = new MemoryAudit();
  private final Fixture.Service service = new Fixture.Service();
  private final InProcessGuard guard =
      new InProcessGuard(List.of(service.bindService()), POLICY, audit, Limits.of(Part.SCHEDULER));

  @AfterEach
  void close() {
    guard.close();
  }

  @Test
  void caller_reachesTheHandlerAsItself() {
    listKeys(guard.as(PEER));

    assertThat(service.callers).containsExactly(PEER.id().toString());
  }

  @Test
  void nobody_isRefused() {
    var error = catchThrowableOfType(StatusRuntimeException.class, () -> listKeys(guard.asNobody()));

    assertThat(error.getStatus().getCode()).isEqualTo(Code.PERMISSION_DENIED);
    assertThat(service.callers).isEmpty();
  }

  @Test
  void role_withoutARow_isRefusedAndRecorded() {
    var operator = caller(Role.OPERATOR, "/damselfly/operator/o");

    var error = catchThrowableOfType(StatusRuntimeException.class, () -> listKeys(guard.as(operator)));

    assertThat(GrpcErrors.reasonOf(error)).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(audit.of(AuditAction.AUTHZ_DENY)).singleElement().extracting(e -> e.actor()).isEqualTo(operator.id().toString());
  }

  @Test
  void message_thatBreaksARule_doesNotReachTheHandler() {
    var ends = new ArrayList<Throwable>();
    var requests = SwarmGrpc.newStub(guard.as(PEER)).join(collect(ends));

    requests.onNext(JoinRequest.getDefaultInstance());

    assertThat(ends).singleElement().satisfies(e -> assertThat(GrpcErrors.reasonOf(e)).contains(Reason.MALFORMED_FIELD));
  }

  @Test
  void rate_isTheServersOwn_andFollowsTheClockOfTheTest() {
    int perSecond = Limits.of(Part.SCHEDULER).count(dev.damselfly.authz.limits.Bound.CALLS_PER_SECOND_PER_IDENTITY);
    for (int i = 0; i < perSecond; i++) {
      listKeys(guard.as(PEER));
    }

    assertThatThrownBy(() -> listKeys(guard.as(PEER)))
        .satisfies(e -> assertThat(GrpcErrors.reasonOf(e)).contains(Reason.LIMIT_EXCEEDED));
    guard.pass(Duration.ofSeconds(1));
    listKeys(guard.as(PEER));
  }

  @Test
  void exchange_putsTheNextCallsBeforeTheNewServices() {
    var next = new Fixture.Service();

    guard.exchange(List.of(next.bindService()));
    listKeys(guard.as(PEER));

    assertThat(next.callers).hasSize(1);
    assertThat(service.callers).isEmpty();
    assertThatThrownBy(() -> guard.exchange(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void policy_thatDiffersFromTheServices_isRefused() {
    var services = List.of(service.bindService());

    assertThatThrownBy(() -> new InProcessGuard(services, new Policy(List.of()), audit, Limits.of(Part.SCHEDULER)))
        .isInstanceOf(IllegalStateException.class);
  }

  private static void listKeys(Channel channel) {
    SwarmGrpc.newBlockingStub(channel).listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
  }

  private static Caller caller(Role role, String path) {
    var id = SpiffeId.parse("spiffe://example.org" + path);
    return new Caller(
        id, role, Optional.of("east"), id.path().getLast(), Instant.MAX, new InetSocketAddress("10.0.0.1", 40_000));
  }

  private static StreamObserver<JoinEvent> collect(List<Throwable> ends) {
    return new StreamObserver<>() {
      @Override
      public void onNext(JoinEvent event) {}

      @Override
      public void onError(Throwable t) {
        ends.add(t);
      }

      @Override
      public void onCompleted() {}
    };
  }
}
