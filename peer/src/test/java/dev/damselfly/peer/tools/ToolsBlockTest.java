package dev.damselfly.peer.tools;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.origin.ScriptedOrigin;
import dev.damselfly.peer.testing.BlockedBy;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Block lists and the socket of upstream's tools.
@NullMarked
@Timeout(60)
class ToolsBlockTest {
  private final Path directory;

  ToolsBlockTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @ParameterizedTest
  @EnumSource
  @Threat("S-BLK-2")
  void download_isRefusedByEachKindOfRule(BlockedBy by) throws IOException {
    var audit = new MemoryAudit();
    try (var lab = new ToolsLab(directory, by.gate(directory.resolve("b"), audit));
        var origin = ScriptedOrigin.start(ScriptedOrigin.serving("content".getBytes(US_ASCII), "\"v1\""))) {
      var marked = by.mark(Download.newBuilder().setUrl(origin.url(by.path())));
      var ranged = marked.clone().putRequestHeader("Range", "bytes=0-3");

      var refused = catchThrowableOfType(StatusRuntimeException.class, () -> run(lab, marked));
      var part = catchThrowableOfType(StatusRuntimeException.class, () -> run(lab, ranged));
      var other = run(lab, Download.newBuilder().setUrl(origin.url(BlockedBy.PATH)));

      assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
      assertThat(refused.getStatus().getDescription()).contains("block list", "(" + by.key() + ")");
      assertThat(part.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
      assertThat(other).isNotEmpty();
      assertThat(audit.of(AuditAction.BLOCK_LIST_DENY)).hasSize(2);
    }
  }

  private static List<DownloadTaskResponse> run(ToolsLab lab, Download.Builder download) {
    var heard = new ArrayList<DownloadTaskResponse>();
    lab.stub().downloadTask(DownloadTaskRequest.newBuilder().setDownload(download).build()).forEachRemaining(heard::add);
    return heard;
  }
}
