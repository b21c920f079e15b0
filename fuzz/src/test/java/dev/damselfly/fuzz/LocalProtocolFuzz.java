package dev.damselfly.fuzz;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.v1.Content;
import dev.damselfly.api.wire.local.v1.ExplainRequest;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Frames between command line and daemon: an accepted request is encoded to a frame that decodes to itself; memory
/// never comes from a declared length.
final class LocalProtocolFuzz implements Target {
  public static void fuzzerTestOneInput(byte[] input) {
    new LocalProtocolFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    requireReply(input);
    switch (LocalProtocol.request(ByteBuffer.wrap(input))) {
      case LocalProtocol.Decoded.Message<LocalRequest> message -> {
        Accepted.yes();
        if (message.consumed() > input.length || message.consumed() > LocalProtocol.MAX_FRAME) {
          throw new AssertionError("consumed more than there is or may be");
        }
        if (message.consumed() != LocalProtocol.HEADER + Integer.toUnsignedLong(ByteBuffer.wrap(input).getInt())) {
          throw new AssertionError("the frame does not end where its header says");
        }
        if (!(LocalProtocol.request(LocalProtocol.encode(message.value()))
                instanceof LocalProtocol.Decoded.Message<LocalRequest> again)
            || !again.value().equals(message.value())) {
          throw new AssertionError("does not come back from its own encoding");
        }
      }
      case LocalProtocol.Decoded.Bad<LocalRequest> _, LocalProtocol.Decoded.NeedMore<LocalRequest> _ -> Accepted.no();
    }
  }

  /// What a daemon says, as the command line reads it.
  private static void requireReply(byte[] input) {
    if (LocalProtocol.reply(ByteBuffer.wrap(input)) instanceof LocalProtocol.Decoded.Message<LocalReply> reply) {
      if (!(LocalProtocol.reply(LocalProtocol.encode(reply.value())) instanceof LocalProtocol.Decoded.Message<LocalReply> again)
          || !again.value().equals(reply.value())) {
        throw new AssertionError("a reply does not come back from its own encoding");
      }
      var content = reply.value().getContent();
      if (reply.value().hasContent() && (content.getLength() <= 0 || content.getLength() > LocalProtocol.MAX_CONTENT || content.getOffset() < 0)) {
        throw new AssertionError("content without bounds");
      }
    }
  }

  @Override
  public String name() {
    return "local-protocol";
  }

  @Override
  public String oracle() {
    return "accepted: comes back from its own encoding; bounded frame that ends where its header says";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(LocalProtocol.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < 30; i++) {
      var download = Download.newBuilder().setUrl("http://example.org/" + "x".repeat(i)).setTag("t" + i).putRequestHeader("A" + i, "b");
      var get = GetRequest.newBuilder().setDownload(download).setTimeoutSeconds(i).setOutputLabel("/o/" + i);
      var request =
          switch (i % 3) {
            case 0 -> LocalRequest.newBuilder().setVersion(1).setGet(get);
            case 1 -> LocalRequest.newBuilder().setVersion(1).setExplain(ExplainRequest.newBuilder().setSubject("s".repeat(i)));
            default -> LocalRequest.newBuilder().setVersion(i).setStatus(StatusRequest.getDefaultInstance());
          };
      ByteBuffer frame = LocalProtocol.encode(request.build());
      byte[] bytes = new byte[frame.remaining()];
      frame.get(bytes);
      seeds.add(bytes);
    }
    for (LocalReply reply : List.of(content(1, 0), content(LocalProtocol.MAX_CONTENT, 1L << 45), content(0, 0), content(5, 1L << 46), content(1, -1), LocalReply.getDefaultInstance())) {
      byte[] frame = new byte[LocalProtocol.HEADER + reply.getSerializedSize()];
      ByteBuffer.wrap(frame).put(LocalProtocol.encode(reply));
      seeds.add(frame);
    }
    seeds.add(new byte[] {0, 0, 0, 0});
    seeds.add(new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 1});
    return seeds;
  }

  private static LocalReply content(int length, long offset) {
    return LocalReply.newBuilder().setContent(Content.newBuilder().setLength(length).setOffset(offset)).build();
  }
}
