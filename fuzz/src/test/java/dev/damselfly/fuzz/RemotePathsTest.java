package dev.damselfly.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.ObjectStorage;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.testing.ServedUploads;
import io.grpc.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// No remote caller names a file of this machine, whichever field it uses.
class RemotePathsTest {
  static Stream<UnaryOperator<Download.Builder>> powers() {
    String file = "/etc/passwd";
    return Stream.of(
        download -> download.setOutputPath(file),
        download -> download.setOutputPath(file).setOverwrite(true),
        download -> download.setOverwrite(true),
        download -> download.setForceHardLink(true),
        download -> download.addCertificateChain(ByteString.copyFromUtf8("x")),
        download -> download.setObjectStorage(ObjectStorage.newBuilder().setCredentialPath(file)),
        download -> download.setObjectStorage(ObjectStorage.newBuilder().setInsecureSkipVerify(true)));
  }

  @ParameterizedTest
  @MethodSource("powers")
  @Threat({"TOB-12", "CVE-2025-59352"})
  void remoteDownload_thatNamesAPath_isRefusedAndRecorded(UnaryOperator<Download.Builder> power) throws Exception {
    var audit = new MemoryAudit();
    var sandbox = new Sandbox("remote-paths");
    List<Download> started = new ArrayList<>();
    try (var served = new ServedUploads(sandbox.own(), (download, _) -> started.add(download), audit);
        var guard = new InProcessGuard(served.services(), ServedUploads.policy(), audit, Limits.of(Part.PEER))) {
      var request = DownloadTaskRequest.newBuilder().setDownload(power.apply(Download.newBuilder().setUrl("http://example.org/f")));

      var call = Dialogue.once(guard.as(People.SCHEDULER), DfdaemonUploadGrpc.getDownloadTaskMethod(), new Metadata(), request.build());

      assertThat(call.reason()).contains(Reason.FORBIDDEN_FIELD);
      assertThat(started).isEmpty();
      assertThat(audit.of(AuditAction.FORBIDDEN_FIELD)).hasSize(1);
      sandbox.requireUntouched();
    }
  }

  @ParameterizedTest
  @MethodSource("powers")
  void registration_thatNamesAPath_isRefusedWithoutState(UnaryOperator<Download.Builder> power) {
    var bench = new SchedulerBench();
    bench.fresh(List.of(People.ONE), false);
    var before = bench.served().state();
    var download = power.apply(SchedulerBench.download(0, 1).toBuilder()).build();
    var message =
        AnnouncePeerRequest.newBuilder()
            .setHostId(People.hostId(People.ONE))
            .setTaskId(SchedulerBench.taskId(download))
            .setPeerId(People.peerId(People.ONE, 1))
            .setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(download))
            .build();

    var call = Dialogue.once(bench.as(People.ONE), SchedulerGrpc.getAnnouncePeerMethod(), new Metadata(), message);

    assertThat(call.reason()).contains(Reason.FORBIDDEN_FIELD);
    assertThat(bench.served().state()).isEqualTo(before);
  }
}
