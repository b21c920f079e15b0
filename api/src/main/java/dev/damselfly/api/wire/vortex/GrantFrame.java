package dev.damselfly.api.wire.vortex;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import java.nio.ByteBuffer;

/// First frame of a child below ALPN `damselfly-piece/1`: the permission to fetch. Not verified here.
///
/// @param bytes a serialised Grant, 1..8192 bytes
public record GrantFrame(ByteString bytes) {
  public static final int MAX = 8192;

  public GrantFrame {
    if (bytes.isEmpty() || bytes.size() > MAX) {
      throw new InvalidValue("a grant has 1 to " + MAX + " bytes");
    }
  }

  /// @param header just decoded, with the grant tag
  /// @param in positioned at the value
  public static Decoded<GrantFrame> decode(FrameHeader header, ByteBuffer in) {
    if (header.tag() != Tag.GRANT) {
      return new Decoded.Bad<>("a grant has the grant tag");
    }
    long length = header.length();
    if (length < 1 || length > MAX) {
      return new Decoded.Bad<>("a grant has 1 to " + MAX + " bytes");
    }
    if (in.remaining() < length) {
      return new Decoded.NeedMore<>((int) length - in.remaining());
    }
    var bytes = ByteString.copyFrom(in.slice(in.position(), (int) length));
    return new Decoded.Value<>(new GrantFrame(bytes), (int) length);
  }

  /// The message inside.
  ///
  /// @throws InvalidValue when the bytes are no such message
  public Grant grant() {
    try {
      return Grant.parseFrom(bytes);
    } catch (InvalidProtocolBufferException _) {
      throw new InvalidValue("a grant is a serialised Grant message");
    }
  }

  /// Bytes of header and value.
  public int encodedSize() {
    return FrameHeader.SIZE + bytes.size();
  }

  public void encode(int id, ByteBuffer out) {
    new FrameHeader(id, Tag.GRANT, bytes.size()).encode(out);
    bytes.copyTo(out);
  }
}
