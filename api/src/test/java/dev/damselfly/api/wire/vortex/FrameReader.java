package dev.damselfly.api.wire.vortex;

import java.nio.ByteBuffer;
import org.jspecify.annotations.NullMarked;

/// Decodes one frame of any kind, as a connection would.
@NullMarked
final class FrameReader {
  private FrameReader() {}

  record Frame(FrameHeader header, Object value) {}

  static Decoded<Frame> read(byte[] bytes) {
    var in = ByteBuffer.wrap(bytes);
    return switch (FrameHeader.decode(in)) {
      case Decoded.Value<FrameHeader>(var header, int consumed) -> {
        in.position(consumed);
        yield wrap(header, value(header, in));
      }
      case Decoded.NeedMore<FrameHeader>(int missing) -> new Decoded.NeedMore<>(missing);
      case Decoded.Bad<FrameHeader>(String rule) -> new Decoded.Bad<>(rule);
    };
  }

  private static Decoded<?> value(FrameHeader header, ByteBuffer in) {
    int tag = header.tag();
    if (Tag.isRequest(tag)) {
      return PieceRequest.decode(header, in);
    }
    if (Tag.isContent(tag)) {
      return PieceMetadata.decode(header, in);
    }
    return switch (tag) {
      case Tag.GRANT -> GrantFrame.decode(header, in);
      case Tag.HAVE -> Have.decode(header, in);
      case Tag.CLOSE, Tag.GRANT_ACCEPTED -> EmptyFrame.decode(header);
      case Tag.ERROR -> ErrorReply.decode(header, in);
      default -> new Decoded.Bad<>("unknown tag");
    };
  }

  private static Decoded<Frame> wrap(FrameHeader header, Decoded<?> decoded) {
    return switch (decoded) {
      case Decoded.Value<?>(Object value, int consumed) ->
          new Decoded.Value<>(new Frame(header, value), FrameHeader.SIZE + consumed);
      case Decoded.NeedMore<?>(int missing) -> new Decoded.NeedMore<>(missing);
      case Decoded.Bad<?>(String rule) -> new Decoded.Bad<>(rule);
    };
  }

  static byte[] write(Frame frame) {
    var out = ByteBuffer.allocate(1 << 16);
    int id = frame.header.id();
    switch (frame.value) {
      case PieceRequest request -> request.encode(id, frame.header.tag(), out);
      case PieceMetadata metadata -> metadata.encode(id, frame.header.tag(), out);
      case GrantFrame grant -> grant.encode(id, out);
      case Have have -> have.encode(id, out);
      case EmptyFrame empty -> empty.encode(id, out);
      case ErrorReply error -> error.encode(id, out);
      default -> throw new IllegalStateException("unknown frame");
    }
    byte[] bytes = new byte[out.position()];
    out.flip().get(bytes);
    return bytes;
  }
}
