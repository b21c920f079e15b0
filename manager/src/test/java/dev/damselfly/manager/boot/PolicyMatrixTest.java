package dev.damselfly.manager.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every call of the process with every kind of caller, over real connections.
@NullMarked
class PolicyMatrixTest {
  private static final Set<String> HEALTH = Set.of("Check", "Watch");
  private static final Map<String, Set<String>> ALLOWED =
      Map.of(
          "/damselfly/scheduler/east/a",
          Set.of("UpdateScheduler", "GetScheduler", "ListApplications", "KeepAlive", "GetSeedPeer", "ListSeedPeers"),
          "/damselfly/peer/east/node-1",
          Set.of("ListSchedulers"),
          "/damselfly/seed-peer/east/seed-a",
          Set.of("ListSchedulers", "KeepAlive", "UpdateSeedPeer", "DeleteSeedPeer", "GetSeedPeer", "ListSeedPeers"),
          "/damselfly/operator/o",
          Set.of(),
          "/damselfly/manager/other",
          Set.of());

  @Test
  @Threat({"S-MGR-9", "S-MGR-12"})
  void calls_areOpenToTheirRolesOnly(@TempDir Path parent) throws Exception {
    try (var manager = new RunningManager(parent.resolve("db"))) {
      for (var row : ALLOWED.entrySet()) {
        var expected = new TreeSet<>(HEALTH);
        expected.addAll(row.getValue());

        assertThat(openTo(manager.as(row.getKey()))).as(row.getKey()).isEqualTo(expected);
      }
    }
  }

  private static Set<String> openTo(ManagedChannel channel) throws Exception {
    var open = new TreeSet<String>();
    for (MethodDescriptor<?, ?> method : methods()) {
      if (isOpen(channel, method)) {
        open.add(String.valueOf(method.getBareMethodName()));
      }
    }
    return open;
  }

  private static List<MethodDescriptor<?, ?>> methods() {
    return Stream.of(ManagerGrpc.getServiceDescriptor(), HealthGrpc.getServiceDescriptor())
        .<MethodDescriptor<?, ?>>flatMap(service -> service.getMethods().stream())
        .toList();
  }

  /// An empty message gets past the role check, or it does not; what later checks say of it is not the question.
  private static <Q, A> boolean isOpen(ManagedChannel channel, MethodDescriptor<Q, A> method) throws Exception {
    @SuppressWarnings("unchecked") // protobuf marshallers have the message type of their method
    Q empty = ((PrototypeMarshaller<Q>) method.getRequestMarshaller()).getMessagePrototype();
    var options = CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS);
    try {
      if (method.getType() == MethodDescriptor.MethodType.SERVER_STREAMING) {
        try (var stream = Context.current().withCancellation()) { // an open stream would hold up the end of the server
          return stream.call(() -> ClientCalls.blockingServerStreamingCall(channel, method, options, empty).hasNext());
        }
      }
      ClientCalls.blockingUnaryCall(channel, method, options, empty);
      return true;
    } catch (StatusRuntimeException e) {
      return !"this identity may not call this method".equals(e.getStatus().getDescription());
    }
  }
}
