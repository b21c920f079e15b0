package dev.damselfly.peer.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.LocalProtocol.Decoded;
import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.testing.BlockedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Block lists and the local socket.
@NullMarked
class LocalBlockTest {
  private final MemoryAudit audit = new MemoryAudit();
  private final Path directory;

  LocalBlockTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @ParameterizedTest
  @EnumSource
  @Threat("S-BLK-2")
  void get_isRefusedByEachKindOfRule(BlockedBy by) throws IOException {
    try (var desk = new LocalDesk(directory.resolve("state"), audit, by.gate(directory.resolve("b"), audit))) {
      var plain = Download.newBuilder().setUrl("http://origin.example" + BlockedBy.PATH);
      var marked = by.mark(Download.newBuilder().setUrl("http://origin.example" + by.path()));

      Failure refused = get(desk, marked);
      Failure other = get(desk, plain);

      assertThat(refused.getReason()).isEqualTo(Reason.BLOCK_LISTED.name());
      assertThat(refused.getMessage()).contains("(" + by.key() + ")").doesNotContain("locked/", "batch", "nightly");
      assertThat(other.getReason()).isEqualTo(Reason.EGRESS_DENIED.name());
      assertThat(audit.of(AuditAction.BLOCK_LIST_DENY)).singleElement().satisfies(event -> {
        assertThat(event.actor()).isEqualTo("uid:" + LocalDesk.NAMED);
        assertThat(event.detail()).containsEntry("rule", by.key() + "[0]");
      });
    }
  }

  private static Failure get(LocalDesk desk, Download.Builder download) throws IOException {
    var get = LocalRequest.newBuilder().setVersion(1).setGet(GetRequest.newBuilder().setDownload(download)).build();
    ByteBuffer frame = LocalProtocol.encode(get);
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    var decoded = LocalProtocol.reply(ByteBuffer.wrap(desk.ask(LocalDesk.NAMED, bytes)));
    assertThat(decoded).isInstanceOf(Decoded.Message.class);
    return ((Decoded.Message<LocalReply>) decoded).value().getFailure();
  }
}
