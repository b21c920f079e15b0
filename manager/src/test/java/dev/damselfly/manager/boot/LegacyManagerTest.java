package dev.damselfly.manager.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.testing.RawClient;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the manager tells programs without an identity, over real connections.
@NullMarked
@Timeout(60)
class LegacyManagerTest {
  private final RunningManager manager;
  private final RawClient client = new RawClient();
  private final ManagedChannel channel;

  LegacyManagerTest(@TempDir Path parent) throws Exception {
    manager = RunningManager.withLegacy(parent.resolve("db"), 8012);
    channel = client.plain(manager.process.legacyServer().orElseThrow().port());
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    client.close();
    manager.close();
  }

  /// As client 1.5.10 asks.
  private static ListSchedulersRequest request(String ip, long cluster) {
    return ListSchedulersRequest.newBuilder()
        .setSourceType(SourceType.PEER_SOURCE)
        .setHostname("peer-b")
        .setIp(ip)
        .setVersion("1.5.10")
        .setCommit("unknown")
        .setSchedulerClusterId(cluster)
        .build();
  }

  private List<Scheduler> ask(ListSchedulersRequest request) {
    return ManagerGrpc.newBlockingStub(channel).listSchedulers(request).getSchedulersList();
  }

  private Reason refused(ListSchedulersRequest request) {
    var failure = catchThrowableOfType(StatusRuntimeException.class, () -> ask(request));
    return GrpcErrors.reasonOf(failure).orElseThrow();
  }

  @Test
  void schedulersOfTheCluster_areListedAtTheirLegacyPort() {
    var scheduler = ManagerGrpc.newBlockingStub(manager.as(RunningManager.SCHEDULER));
    assertThat(scheduler.updateScheduler(RunningManager.registration()).getPort()).isEqualTo(8002);

    assertThat(ask(request("127.0.0.1", 1)))
        .singleElement()
        .satisfies(it -> assertThat(it.getPort()).isEqualTo(8012))
        .satisfies(it -> assertThat(it.getIp()).isEqualTo("127.0.0.1"))
        .satisfies(it -> assertThat(it.getSchedulerCluster().getName()).isEqualTo("east"));
  }

  @Test
  @Threat("S-LEG-2")
  void otherClusters_andOtherAddresses_areRefused() {
    assertThat(refused(request("127.0.0.1", 2))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(request("10.0.0.1", 1))).isEqualTo(Reason.CALLER_NOT_ALLOWED);

    assertThat(manager.audit.of(AuditAction.AUTHZ_DENY))
        .hasSize(2)
        .allSatisfy(event -> assertThat(event.detail()).containsEntry(LegacyAudit.KEY, LegacyAudit.WARNING));
  }

  @Test
  @Threat("S-LEG-1")
  void everyOtherCall_isRefused() throws Exception {
    var open = new TreeSet<String>();
    var methods = manager.process.legacyServer().orElseThrow().methods();
    for (MethodDescriptor<?, ?> method : methods) {
      var answer = call(method);
      var reason = GrpcErrors.reasonOf(answer.status().asRuntimeException(answer.trailers()));
      if (!reason.equals(java.util.Optional.of(Reason.CALLER_NOT_ALLOWED))) {
        open.add(String.valueOf(method.getBareMethodName()));
      }
    }

    assertThat(methods).hasSizeGreaterThan(9);
    assertThat(open).containsExactly("Check"); // an empty ListSchedulers claims no address of its own
  }

  private <Q, A> RawClient.Answer call(MethodDescriptor<Q, A> method) throws InterruptedException {
    var marshaller = (PrototypeMarshaller<Q>) method.getRequestMarshaller();
    Message prototype = Objects.requireNonNull((Message) marshaller.getMessagePrototype());
    @SuppressWarnings("unchecked") // made from the prototype of this very method
    Q request = (Q) prototype;
    return RawClient.call(channel, method, request);
  }

  @ParameterizedTest
  @Threat("S-LEG-1")
  @ValueSource(
      strings = {
        "{listen: '127.0.0.1:65004', cluster: east}",
        "{listen: '127.0.0.1:65004', scheduler-port: 8012}",
        "{listen: '127.0.0.1:65004', cluster: elsewhere, scheduler-port: 8012}",
        "{listen: '127.0.0.1:65004', cluster: east, scheduler-port: 0}",
        "{listen: '0.0.0.0:65004', cluster: east, scheduler-port: 8012}"
      })
  void incompleteSection_stopsTheStart(String legacy) {
    String yaml = "listen: 127.0.0.1:65003\ndatabase: /db\nclusters: [{name: east}]\nlegacy: " + legacy + "\n";

    assertThatThrownBy(
            () -> {
              var reader = ConfigReader.parse(yaml.getBytes(UTF_8));
              ManagerConfig.read(reader);
              reader.finish();
            })
        .isInstanceOf(ConfigProblems.class);
  }
}
