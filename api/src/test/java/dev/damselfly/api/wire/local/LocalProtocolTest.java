package dev.damselfly.api.wire.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.wire.local.LocalProtocol.Decoded;
import dev.damselfly.api.wire.local.v1.Content;
import dev.damselfly.api.wire.local.v1.ExplainRequest;
import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class LocalProtocolTest {
  private static LocalRequest explain(String subject) {
    return LocalRequest.newBuilder().setVersion(1).setExplain(ExplainRequest.newBuilder().setSubject(subject)).build();
  }

  @Property(tries = 200)
  void request_comesBackAndNeedsEveryByte(@ForAll @Size(max = 200) String subject, @ForAll @IntRange(max = 10_000) int cut) {
    var request = explain(new String(subject.getBytes(java.nio.charset.StandardCharsets.UTF_8), java.nio.charset.StandardCharsets.UTF_8));
    ByteBuffer frame = LocalProtocol.encode(request);
    int size = frame.remaining();

    assertThat(LocalProtocol.request(frame)).isEqualTo(new Decoded.Message<>(request, size));
    assertThat(LocalProtocol.request(frame.slice(0, cut % size))).isInstanceOf(Decoded.NeedMore.class);
  }

  @Property(tries = 500)
  void anyBytes_giveAnAnswer(@ForAll @Size(max = 300) byte[] bytes) {
    assertThat(LocalProtocol.request(ByteBuffer.wrap(bytes))).isNotNull();
    assertThat(LocalProtocol.reply(ByteBuffer.wrap(bytes))).isNotNull();
  }

  @Test
  void length_isRefusedBeforeItsBytesArrive() {
    var declared = ByteBuffer.allocate(4).putInt(LocalProtocol.MAX_MESSAGE + 1).flip();
    var negative = ByteBuffer.allocate(4).putInt(-1).flip();

    assertThat(LocalProtocol.request(declared)).isInstanceOf(Decoded.Bad.class);
    assertThat(LocalProtocol.reply(negative)).isInstanceOf(Decoded.Bad.class);
  }

  @Test
  void request_refusesOtherVersionsAndEmptyOnes() {
    var version = LocalRequest.newBuilder().setVersion(2).setStatus(StatusRequest.getDefaultInstance()).build();
    var empty = LocalRequest.newBuilder().setVersion(1).build();

    assertThat(LocalProtocol.request(LocalProtocol.encode(version))).isInstanceOf(Decoded.Bad.class);
    assertThat(LocalProtocol.request(LocalProtocol.encode(empty))).isInstanceOf(Decoded.Bad.class);
  }

  @Test
  void reply_refusesContentThatCannotBe() {
    var none = LocalReply.newBuilder().setContent(Content.newBuilder().setOffset(1)).build();
    var huge = LocalReply.newBuilder().setContent(Content.newBuilder().setLength(-1)).build();
    var negative = LocalReply.newBuilder().setContent(Content.newBuilder().setOffset(-1).setLength(1)).build();
    var good = LocalReply.newBuilder().setContent(Content.newBuilder().setOffset(5).setLength(LocalProtocol.MAX_CONTENT)).build();

    assertThat(LocalProtocol.reply(LocalProtocol.encode(none))).isInstanceOf(Decoded.Bad.class);
    assertThat(LocalProtocol.reply(LocalProtocol.encode(huge))).isInstanceOf(Decoded.Bad.class);
    assertThat(LocalProtocol.reply(LocalProtocol.encode(negative))).isInstanceOf(Decoded.Bad.class);
    assertThat(LocalProtocol.reply(LocalProtocol.encode(good))).isInstanceOf(Decoded.Message.class);
  }

  @Test
  void encode_refusesWhatTheOtherSideWouldRefuse() {
    var reply = LocalReply.newBuilder().setFailure(Failure.newBuilder().setMessage("x".repeat(LocalProtocol.MAX_MESSAGE))).build();

    assertThatThrownBy(() -> LocalProtocol.encode(reply)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void request_leavesTheBufferWhereItWas() {
    var get = LocalRequest.newBuilder().setVersion(1).setGet(GetRequest.newBuilder().setOutputLabel("a")).build();
    ByteBuffer frame = LocalProtocol.encode(get);

    assertThat(LocalProtocol.request(frame)).isInstanceOf(Decoded.Message.class);

    assertThat(frame.position()).isZero();
  }
}
