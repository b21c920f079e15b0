package dev.damselfly.api.wire.vortex;

import java.nio.ByteBuffer;

/// A frame without value: close, or grant accepted.
public record EmptyFrame(int tag) {
  public EmptyFrame {
    if (!isEmpty(tag)) {
      throw new IllegalArgumentException("this tag has a value");
    }
  }

  private static boolean isEmpty(int tag) {
    return tag == Tag.CLOSE || tag == Tag.GRANT_ACCEPTED;
  }

  /// Needs no more than the header.
  public static Decoded<EmptyFrame> decode(FrameHeader header) {
    if (!isEmpty(header.tag()) || header.length() != 0) {
      return new Decoded.Bad<>("close and grant accepted have no value");
    }
    return new Decoded.Value<>(new EmptyFrame(header.tag()), 0);
  }

  public void encode(int id, ByteBuffer out) {
    new FrameHeader(id, tag, 0).encode(out);
  }
}
