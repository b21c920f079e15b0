package dev.damselfly.scheduler.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Build;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Network;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.testing.Claims;
import dev.damselfly.authz.testing.RawClient;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A scheduler process as programs without an identity meet it, over real connections.
@NullMarked
@Timeout(60)
class LegacySchedulerTest {
  private static final String ID = "127.0.0.1-peer-b";
  private static final Download FILE =
      Download.newBuilder()
          .setUrl("http://origin.example/f10m.bin")
          .setTag("")
          .setApplication("")
          .setPriority(Priority.LEVEL6)
          .setOutputPath("/data/out/f10m-a")
          .setActualContentLength(10 << 20)
          .setActualPieceLength(4 << 20)
          .setActualPieceCount(3)
          .build();

  private final RunningScheduler scheduler;
  private final RawClient client = new RawClient();
  private final ManagedChannel channel;

  LegacySchedulerTest() throws Exception {
    scheduler = RunningScheduler.withLegacy();
    channel = client.plain(scheduler.process.legacyServer().orElseThrow().port());
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    client.close();
    scheduler.close();
  }

  /// As client 1.5.10 says it.
  private static Host.Builder host() {
    return Host.newBuilder()
        .setId(ID)
        .setHostname("peer-b")
        .setIp("127.0.0.1")
        .setPort(4000)
        .setDownloadPort(4000)
        .setOs("linux")
        .setPlatform("linux")
        .setPlatformFamily("unix")
        .setNetwork(Network.newBuilder().setMaxTxBandwidth(10_000_000_000L).setMaxRxBandwidth(10_000_000_000L))
        .setBuild(Build.newBuilder().setGitVersion("1.5.10").setGitCommit("unknown").setRustVersion(""))
        .setSchedulerClusterId(1)
        .setProxyPort(4001)
        .setName("vm");
  }

  private void announce(Host.Builder host) {
    var request = AnnounceHostRequest.newBuilder().setHost(host).setInterval(Duration.newBuilder().setSeconds(300)).build();
    Objects.requireNonNull(SchedulerGrpc.newBlockingStub(channel).announceHost(request));
  }

  private Optional<Reason> refused(Host.Builder host) {
    return GrpcErrors.reasonOf(catchThrowableOfType(StatusRuntimeException.class, () -> announce(host)));
  }

  private static AnnouncePeerRequest.Builder message() {
    return AnnouncePeerRequest.newBuilder()
        .setHostId(ID)
        .setPeerId(ID + "-00000000-0000-4000-8000-000000000001")
        .setTaskId(TaskTuple.of(FILE).id().value());
  }

  @Test
  void upstreamPeer_announcesRegistersAndGoesToTheOrigin() throws Exception {
    announce(host());
    var heard = new LinkedBlockingQueue<String>();

    var stream = SchedulerGrpc.newStub(channel).announcePeer(new Heard(heard));
    stream.onNext(message().setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(FILE)).build());

    assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("NEED_BACK_TO_SOURCE_RESPONSE");
    stream.onNext(
        message()
            .setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance())
            .build());
    stream.onNext(
        message()
            .setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance())
            .build());
    assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("end");
    assertThat(scheduler.audit.of(AuditAction.PEER_JOIN))
        .isNotEmpty()
        .allSatisfy(event -> assertThat(event.detail()).containsEntry(LegacyAudit.KEY, LegacyAudit.WARNING));
  }

  private record Heard(BlockingQueue<String> all) implements StreamObserver<AnnouncePeerResponse> {
    @Override
    public void onNext(AnnouncePeerResponse response) {
      all.add(response.getResponseCase().name());
    }

    @Override
    public void onError(Throwable cause) {
      all.add(String.valueOf(GrpcErrors.reasonOf((StatusRuntimeException) cause)));
    }

    @Override
    public void onCompleted() {
      all.add("end");
    }
  }

  @Test
  @Threat("S-LEG-2")
  void otherAddresses_seedsAndMadeUpIds_areRefused_andRecorded() {
    assertThat(refused(host().setIp("10.0.0.1").setId("10.0.0.1-peer-b"))).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(host().setIp("10.0.0.1"))).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(host().setHostname("another"))).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(host().setType(1))).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(host().setId(ID + "-seed").setHostname("peer-b-seed").setType(1))).contains(Reason.CALLER_NOT_ALLOWED);

    assertThat(scheduler.audit.of(AuditAction.AUTHZ_DENY))
        .hasSize(5)
        .allSatisfy(event -> assertThat(event.detail()).containsEntry(LegacyAudit.KEY, LegacyAudit.WARNING));
  }

  @Test
  @Threat("S-LEG-1")
  void onlyCallsAboutItself_areOpen_andTheSwarmIsNotThere() throws Exception {
    var truth = Claims.ofHost("peer-b", false);
    var open = new TreeSet<String>();
    for (MethodDescriptor<?, ?> method : scheduler.process.legacyServer().orElseThrow().methods()) {
      assertThat(method.getServiceName()).isIn("scheduler.v2.Scheduler", "grpc.health.v1.Health");
      var answer = call(method, truth);
      var reason = GrpcErrors.reasonOf(answer.status().asRuntimeException(answer.trailers()));
      if (!reason.equals(Optional.of(Reason.CALLER_NOT_ALLOWED))) {
        open.add(String.valueOf(method.getBareMethodName()));
      }
    }

    assertThat(open)
        .isEqualTo(
            Set.of("AnnounceHost", "AnnouncePeer", "Check", "DeleteHost", "DeletePeer", "DeleteTask", "StatPeer", "StatTask"));
  }

  private <Q, A> RawClient.Answer call(MethodDescriptor<Q, A> method, Claims claims) throws InterruptedException {
    var marshaller = (PrototypeMarshaller<Q>) method.getRequestMarshaller();
    Message message = claims.in(Objects.requireNonNull((Message) marshaller.getMessagePrototype()));
    @SuppressWarnings("unchecked") // made from the prototype of this very method
    Q request = (Q) message;
    return RawClient.call(channel, method, request);
  }
}
