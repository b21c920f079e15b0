package dev.damselfly.api.wire.vortex;

import dev.damselfly.api.error.InvalidValue;
import java.nio.ByteBuffer;

/// The six bytes before every value.
///
/// @param id 0..255, chosen by the sender, not checked and not echoed by Dragonfly
/// @param tag 0..255, see [Tag]
/// @param length bytes of the value, 0..2^32-1; piece content is not counted
public record FrameHeader(int id, int tag, long length) {
  public static final int SIZE = 6;

  public FrameHeader {
    if (id < 0 || id > 0xff || tag < 0 || tag > 0xff || length < 0 || length > 0xffff_ffffL) {
      throw new InvalidValue("id and tag are octets, length has 32 bits");
    }
  }

  public static Decoded<FrameHeader> decode(ByteBuffer in) {
    if (in.remaining() < SIZE) {
      return new Decoded.NeedMore<>(SIZE - in.remaining());
    }
    int at = in.position();
    var header =
        new FrameHeader(in.get(at) & 0xff, in.get(at + 1) & 0xff, Octets.unsignedInt(in, at + 2));
    return new Decoded.Value<>(header, SIZE);
  }

  /// Also sets the order of the buffer to big-endian, for what follows.
  public void encode(ByteBuffer out) {
    Octets.bigEndian(out).put((byte) id).put((byte) tag).putInt((int) length);
  }
}
