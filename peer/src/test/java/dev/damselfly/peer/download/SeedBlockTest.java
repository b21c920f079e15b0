package dev.damselfly.peer.download;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.origin.Egress;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.origin.OriginsConfig;
import dev.damselfly.peer.origin.ScriptedOrigin;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.testing.Alone;
import dev.damselfly.peer.testing.BlockedBy;
import dev.damselfly.peer.testing.ServedUploads;
import dev.damselfly.peer.time.SystemTimer;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Block lists and downloads that a scheduler asks a host for.
@NullMarked
@Timeout(60)
class SeedBlockTest {
  private static final Caller SCHEDULER =
      new Caller(
          SpiffeId.parse("spiffe://test.example/damselfly/scheduler/" + ServedUploads.CLUSTER + "/s"),
          Role.SCHEDULER,
          Optional.of(ServedUploads.CLUSTER),
          "s",
          Instant.MAX,
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));

  private final Path directory;

  SeedBlockTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @ParameterizedTest
  @EnumSource
  @Threat("S-BLK-2")
  void trigger_isRefusedByEachKindOfRule(BlockedBy by) throws Exception {
    var audit = new MemoryAudit();
    var config = new DownloadConfig(2, 8, 8, Duration.ZERO, Duration.ofMillis(1), Duration.ofSeconds(5), Duration.ofMinutes(1));
    try (var store = PieceStore.open(directory.resolve("s"), new StoreConfig(1L << 30, 90, 80, Duration.ofDays(1)), InstantSource.system());
        var timer = new SystemTimer("seed");
        var origins = new Origins(OriginsConfig.standard("test"), place -> new Egress.Way(new InetSocketAddress(place.host(), place.port()), Optional.empty()));
        var downloads =
            new Downloads(Alone.with(store, origins, timer, InstantSource.system(), audit, by.gate(directory.resolve("b"), audit)), config);
        var served = new ServedUploads(directory.resolve("u"), new SeedFetches(downloads, "seed"), audit);
        var guard = new InProcessGuard(served.services(), ServedUploads.policy(), audit, Limits.of(Part.PEER));
        var origin = ScriptedOrigin.start(ScriptedOrigin.serving("content".getBytes(US_ASCII), "\"v1\""))) {
      var marked = by.mark(Download.newBuilder().setUrl(origin.url(by.path())));

      var refused = catchThrowableOfType(StatusRuntimeException.class, () -> trigger(guard.as(SCHEDULER), marked));
      var other = trigger(guard.as(SCHEDULER), Download.newBuilder().setUrl(origin.url(BlockedBy.PATH)));

      assertThat(GrpcErrors.reasonOf(refused)).contains(Reason.BLOCK_LISTED);
      assertThat(other).isNotEmpty();
      assertThat(audit.of(AuditAction.BLOCK_LIST_DENY)).singleElement().satisfies(event -> {
        assertThat(event.actor()).isEqualTo(SCHEDULER.id().toString());
        assertThat(event.detail()).containsEntry("rule", by.key() + "[0]");
      });
    }
  }

  private static List<DownloadTaskResponse> trigger(Channel channel, Download.Builder download) {
    var heard = new ArrayList<DownloadTaskResponse>();
    DfdaemonUploadGrpc.newBlockingStub(channel)
        .downloadTask(DownloadTaskRequest.newBuilder().setDownload(download).build())
        .forEachRemaining(heard::add);
    return heard;
  }
}
