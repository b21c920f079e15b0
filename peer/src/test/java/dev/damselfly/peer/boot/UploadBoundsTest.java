package dev.damselfly.peer.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.authz.testing.RawClient;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a remote call may ask of a peer at once.
@NullMarked
class UploadBoundsTest {
  private static SyncPiecesRequest interestedIn(int pieces) {
    return SyncPiecesRequest.newBuilder()
        .setHostId("127.0.0.1-node-1")
        .setTaskId("0".repeat(64))
        .addAllInterestedPieceNumbers(IntStream.range(0, pieces).boxed().toList())
        .build();
  }

  @Test
  @Threat({"B-06", "S-UPG-4"})
  void interestedPieces_areBounded(@TempDir Path directory) throws Exception {
    try (var peer = new RunningPeer(directory);
        var client = new RawClient()) {
      var channel = client.as(peer.ca.svid("/damselfly/peer/c1/node-1"), peer.process.server().port());

      assertThat(reason(RawClient.call(channel, DfdaemonUploadGrpc.getSyncPiecesMethod(), interestedIn(10_001))))
          .contains(Reason.MALFORMED_FIELD);
      assertThat(reason(RawClient.call(channel, DfdaemonUploadGrpc.getSyncPiecesMethod(), interestedIn(10_000))))
          .contains(Reason.TASK_UNKNOWN);

      channel.shutdownNow();
    }
  }

  private static Optional<Reason> reason(RawClient.Answer answer) {
    return GrpcErrors.reasonOf(answer.status().asRuntimeException(answer.trailers()));
  }
}
