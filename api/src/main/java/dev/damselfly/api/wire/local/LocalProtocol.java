package dev.damselfly.api.wire.local;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import java.nio.ByteBuffer;

/// Frames of the local protocol: u32 big-endian length, then the message. Total: any bytes give a message, the wish for
/// more, or a rule that was broken. Stateless.
public final class LocalProtocol {
  /// The one version of this protocol.
  public static final int VERSION = 1;

  /// Largest message in bytes, without its length.
  public static final int MAX_MESSAGE = 64 << 10;

  /// Bytes of the length.
  public static final int HEADER = 4;

  /// Largest frame in bytes.
  public static final int MAX_FRAME = HEADER + MAX_MESSAGE;

  /// Most raw bytes that one Content reply announces: the largest piece.
  public static final int MAX_CONTENT = 64 << 20;

  private LocalProtocol() {}

  /// What the bytes at the position of a buffer are.
  public sealed interface Decoded<T> {
    /// A message, and how many bytes its frame has.
    record Message<T>(T value, int consumed) implements Decoded<T> {}

    /// The frame needs this many more bytes.
    record NeedMore<T>(int bytes) implements Decoded<T> {}

    /// No frame; the connection cannot go on.
    record Bad<T>(String rule) implements Decoded<T> {}
  }

  /// Reads a request without moving the buffer's position.
  public static Decoded<LocalRequest> request(ByteBuffer in) {
    return switch (decode(in, LocalRequest.parser())) {
      case Decoded.Message<LocalRequest> m when m.value().getVersion() != VERSION -> new Decoded.Bad<>("version must be 1");
      case Decoded.Message<LocalRequest> m
          when m.value().getRequestCase() == LocalRequest.RequestCase.REQUEST_NOT_SET ->
          new Decoded.Bad<>("a request must be set");
      case Decoded<LocalRequest> other -> other;
    };
  }

  /// Reads a reply without moving the buffer's position.
  public static Decoded<LocalReply> reply(ByteBuffer in) {
    return switch (decode(in, LocalReply.parser())) {
      case Decoded.Message<LocalReply> m when m.value().getReplyCase() == LocalReply.ReplyCase.REPLY_NOT_SET ->
          new Decoded.Bad<>("a reply must be set");
      case Decoded.Message<LocalReply> m when m.value().hasContent() && !sound(m.value()) ->
          new Decoded.Bad<>("content has 1 byte to 64 MiB at an offset below 2^46");
      case Decoded<LocalReply> other -> other;
    };
  }

  /// A frame, ready to be written.
  ///
  /// @throws IllegalArgumentException when the message is larger than [#MAX_MESSAGE]
  public static ByteBuffer encode(MessageLite message) {
    int size = message.getSerializedSize();
    if (size > MAX_MESSAGE) {
      throw new IllegalArgumentException("a local message has at most 64 KiB");
    }
    return ByteBuffer.allocate(HEADER + size).putInt(size).put(message.toByteArray()).flip();
  }

  private static boolean sound(LocalReply reply) {
    int length = reply.getContent().getLength();
    long offset = reply.getContent().getOffset();
    return length > 0 && length <= MAX_CONTENT && offset >= 0 && offset < 1L << 46;
  }

  private static <T> Decoded<T> decode(ByteBuffer in, Parser<T> parser) {
    if (in.remaining() < HEADER) {
      return new Decoded.NeedMore<>(HEADER - in.remaining());
    }
    int size = in.getInt(in.position());
    if (size < 0 || size > MAX_MESSAGE) {
      return new Decoded.Bad<>("a message has at most 64 KiB");
    }
    if (in.remaining() < HEADER + size) {
      return new Decoded.NeedMore<>(HEADER + size - in.remaining());
    }
    try {
      return new Decoded.Message<>(parser.parseFrom(in.slice(in.position() + HEADER, size)), HEADER + size);
    } catch (InvalidProtocolBufferException e) {
      return new Decoded.Bad<>("not a message of the local protocol");
    }
  }
}
