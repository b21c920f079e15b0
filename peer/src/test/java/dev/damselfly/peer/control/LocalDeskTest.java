package dev.damselfly.peer.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.LocalProtocol.Decoded;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import dev.damselfly.api.wire.local.v1.StopRequest;
import dev.damselfly.authz.testing.MemoryAudit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class LocalDeskTest {
  private static final LocalRequest STATUS =
      LocalRequest.newBuilder().setVersion(1).setStatus(StatusRequest.getDefaultInstance()).build();
  private static final LocalRequest STOP =
      LocalRequest.newBuilder().setVersion(1).setStop(StopRequest.getDefaultInstance()).build();

  @TempDir Path directory;
  private LocalDesk desk;

  @BeforeEach
  void open() throws IOException {
    desk = new LocalDesk(directory.resolve("state"), new MemoryAudit());
  }

  @AfterEach
  void close() {
    desk.close();
  }

  @Test
  void status_ofMoreTasksThanAFrameHolds_tellsTheFirst() throws IOException {
    for (int i = 0; i < 700; i++) {
      desk.hold("some/longer/path/to/a/file/" + i);
    }

    LocalReply reply = reply(LocalDesk.NAMED, STATUS);

    assertThat(reply.hasStatus()).isTrue();
    assertThat(reply.getStatus().getTasksCount()).isBetween(100, 700);
    assertThat(reply.getSerializedSize()).isLessThanOrEqualTo(LocalProtocol.MAX_MESSAGE);
  }

  @Test
  @Threat("F-21")
  void stranger_isToldNothing() throws IOException {
    assertThat(reply(LocalDesk.STRANGER, STATUS).getFailure().getReason()).isEqualTo(Reason.CALLER_NOT_ALLOWED.name());
  }

  @Test
  void stop_isForTheOperatorOnly() throws IOException {
    assertThat(reply(LocalDesk.NAMED, STOP).getFailure().getReason()).isEqualTo(Reason.CALLER_NOT_ALLOWED.name());
    assertThat(desk.stops()).isZero();

    assertThat(reply(LocalDesk.OPERATOR, STOP).hasStopped()).isTrue();
    assertThat(desk.stops()).isEqualTo(1);
  }

  @Test
  void get_thatNamesAPath_isRefusedBeforeAnythingIsOpened() throws IOException {
    var download = Download.newBuilder().setUrl("http://origin.example/f").setOutputPath("/etc/passwd");
    var get = LocalRequest.newBuilder().setVersion(1).setGet(GetRequest.newBuilder().setDownload(download)).build();

    assertThat(reply(LocalDesk.OPERATOR, get).getFailure().getReason()).isEqualTo(Reason.FORBIDDEN_FIELD.name());
    assertThat(desk.dropOpened()).isZero();
  }

  private LocalReply reply(String user, MessageLite request) throws IOException {
    ByteBuffer frame = LocalProtocol.encode(request);
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    var decoded = LocalProtocol.reply(ByteBuffer.wrap(desk.ask(user, bytes)));
    assertThat(decoded).isInstanceOf(Decoded.Message.class);
    return ((Decoded.Message<LocalReply>) decoded).value();
  }
}
