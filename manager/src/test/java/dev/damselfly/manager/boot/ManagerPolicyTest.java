package dev.damselfly.manager.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.manager.v2.DeleteSeedPeerRequest;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.GetSeedPeerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSeedPeersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.UpdateSeedPeerRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.policy.Policy.Row;
import dev.damselfly.manager.fixture.TestCallers;
import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthGrpc;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@NullMarked
class ManagerPolicyTest {
  private static final Caller SCHEDULER = TestCallers.scheduler("east", "a");
  private static final Caller PEER = TestCallers.peer("east", "node-1");
  private static final Caller SEED = TestCallers.seed("east", "seed-a");

  private static Row row(String method) {
    return ManagerPolicy.rows().stream().filter(r -> r.method().endsWith("/" + method)).findFirst().orElseThrow();
  }

  private static void assertRefused(String method, Caller caller, Message message) {
    assertThatThrownBy(() -> row(method).binding().check(caller, message))
        .isInstanceOfSatisfying(Refused.class, e -> assertThat(e.reason()).isEqualTo(Reason.CALLER_NOT_ALLOWED));
  }

  private static void assertAllowed(String method, Caller caller, Message message) {
    assertThatCode(() -> row(method).binding().check(caller, message)).doesNotThrowAnyException();
  }

  @Test
  void rows_coverEveryCallOnce() {
    var exposed =
        Stream.of(ManagerGrpc.getServiceDescriptor(), HealthGrpc.getServiceDescriptor())
            .flatMap(service -> service.getMethods().stream())
            .map(MethodDescriptor::getFullMethodName)
            .toList();

    assertThat(ManagerPolicy.rows()).extracting(Row::method).containsExactlyInAnyOrderElementsOf(exposed);
  }

  @Test
  void operatorsAndManagers_mayOnlyAskForHealth() {
    Map<String, Row> open =
        ManagerPolicy.rows().stream()
            .filter(row -> row.roles().contains(Role.OPERATOR) || row.roles().contains(Role.MANAGER))
            .collect(Collectors.toMap(Row::method, Function.identity()));

    assertThat(open.keySet())
        .containsExactlyInAnyOrder("grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch");
  }

  @ParameterizedTest
  @EnumSource(
      value = SourceType.class,
      names = {"PEER_SOURCE", "SEED_PEER_SOURCE"})
  @Threat({"S-MGR-12"})
  void schedulers_cannotSpeakAsSomethingElse(SourceType said) {
    assertRefused("UpdateScheduler", SCHEDULER, UpdateSchedulerRequest.newBuilder().setSourceType(said).build());
    assertRefused("GetScheduler", SCHEDULER, GetSchedulerRequest.newBuilder().setSourceType(said).build());
    assertRefused("ListApplications", SCHEDULER, ListApplicationsRequest.newBuilder().setSourceType(said).build());
    assertRefused("KeepAlive", SCHEDULER, KeepAliveRequest.newBuilder().setSourceType(said).build());
    assertRefused("GetSeedPeer", SCHEDULER, GetSeedPeerRequest.newBuilder().setSourceType(said).build());
    assertRefused("ListSeedPeers", SCHEDULER, ListSeedPeersRequest.newBuilder().setSourceType(said).build());
  }

  @Test
  @Threat({"S-MGR-12"})
  void peers_cannotSpeakAsSomethingElse() {
    var asScheduler = ListSchedulersRequest.newBuilder().setHostname("node-1").build();
    var asSeed = asScheduler.toBuilder().setSourceType(SourceType.SEED_PEER_SOURCE).build();

    assertRefused("ListSchedulers", PEER, asScheduler);
    assertRefused("ListSchedulers", PEER, asSeed);
    assertAllowed("ListSchedulers", PEER, asSeed.toBuilder().setSourceType(SourceType.PEER_SOURCE).build());
  }

  @ParameterizedTest
  @MethodSource("messagesOfSeeds")
  @Threat({"S-MGR-12"})
  void seeds_cannotNameAnotherHost(String method, Message own, Message foreign) {
    assertAllowed(method, SEED, own);
    assertRefused(method, SEED, foreign);
  }

  static Stream<org.junit.jupiter.params.provider.Arguments> messagesOfSeeds() {
    return Stream.of(
            new NamedMessage("UpdateSeedPeer", UpdateSeedPeerRequest.getDefaultInstance()),
            new NamedMessage("DeleteSeedPeer", DeleteSeedPeerRequest.getDefaultInstance()),
            new NamedMessage("ListSchedulers", ListSchedulersRequest.getDefaultInstance()),
            new NamedMessage("KeepAlive", KeepAliveRequest.getDefaultInstance()))
        .map(m -> org.junit.jupiter.params.provider.Arguments.of(m.method(), m.of("seed-a"), m.of("seed-b")));
  }

  private record NamedMessage(String method, Message empty) {
    Message of(String host) {
      var type = empty.getDescriptorForType();
      return empty.toBuilder()
          .setField(
              type.findFieldByName("source_type"),
              SourceType.getDescriptor().findValueByNumber(SourceType.SEED_PEER_SOURCE_VALUE))
          .setField(type.findFieldByName("hostname"), host)
          .build();
    }
  }
}
