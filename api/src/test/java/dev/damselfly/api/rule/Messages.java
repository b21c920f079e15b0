package dev.damselfly.api.rule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.Task;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFailedRequest;
import org.jspecify.annotations.NullMarked;

/// Valid messages, to be made wrong in one place.
@NullMarked
final class Messages {
  static final String TASK = "457b4328cde278e422c9e243f7bfd1e97f511fec43a80f535cf6b0ef6b086776";

  private Messages() {}

  static Host.Builder host() {
    return Host.newBuilder()
        .setId("10.0.0.1-node-a")
        .setHostname("node-a")
        .setIp("10.0.0.1")
        .setPort(4000)
        .setDownloadPort(4000);
  }

  static Piece.Builder piece() {
    return Piece.newBuilder()
        .setNumber(0)
        .setLength(10)
        .setCost(Duration.getDefaultInstance())
        .setCreatedAt(Timestamp.getDefaultInstance());
  }

  static Peer.Builder peer() {
    var task =
        Task.newBuilder()
            .setId(TASK)
            .setUrl("https://example.com/x")
            .setState("Running")
            .setCreatedAt(Timestamp.getDefaultInstance())
            .setUpdatedAt(Timestamp.getDefaultInstance());
    return Peer.newBuilder()
        .setId("10.0.0.1-node-a-11111111-2222-4333-8444-555555555555")
        .setState("Running")
        .setTask(task)
        .setHost(host())
        .setCost(Duration.getDefaultInstance())
        .setCreatedAt(Timestamp.getDefaultInstance())
        .setUpdatedAt(Timestamp.getDefaultInstance());
  }

  static AnnouncePeerRequest.Builder announce() {
    return AnnouncePeerRequest.newBuilder().setHostId("10.0.0.1-node-a").setTaskId(TASK).setPeerId("p");
  }

  static Download.Builder download() {
    return Download.newBuilder().setUrl("https://example.com/x");
  }

  static DownloadPeerFailedRequest.Builder failed() {
    return DownloadPeerFailedRequest.newBuilder();
  }

  static void assertGood(Message.Builder message) {
    assertThatCode(() -> Rules.check(message.build())).doesNotThrowAnyException();
  }

  static void assertBad(String path, Message.Builder message) {
    assertThatThrownBy(() -> Rules.check(message.build()))
        .isInstanceOfSatisfying(Malformed.class, e -> assertThat(e.field()).isEqualTo(path));
  }
}
