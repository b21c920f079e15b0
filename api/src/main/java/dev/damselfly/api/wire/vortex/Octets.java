package dev.damselfly.api.wire.vortex;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Reading and writing independent of the order that a buffer is set to.
final class Octets {
  private Octets() {}

  static ByteBuffer bigEndian(ByteBuffer buffer) {
    return buffer.order(ByteOrder.BIG_ENDIAN);
  }

  static long unsignedInt(ByteBuffer in, int at) {
    long value = 0;
    for (int i = 0; i < Integer.BYTES; i++) {
      value = value << 8 | (in.get(at + i) & 0xff);
    }
    return value;
  }

  static long signedLong(ByteBuffer in, int at) {
    return unsignedInt(in, at) << 32 | unsignedInt(in, at + 4);
  }

  /// Visible ASCII only, else empty. Nothing on the wire needs more, and every such text is its own encoding.
  static Optional<String> visibleAscii(ByteBuffer in, int at, int length) {
    for (int i = 0; i < length; i++) {
      if (in.get(at + i) < '!' || in.get(at + i) > '~') {
        return Optional.empty();
      }
    }
    byte[] octets = new byte[length];
    in.get(at, octets);
    return Optional.of(new String(octets, StandardCharsets.US_ASCII));
  }

  static boolean isVisibleAscii(String text) {
    return text.chars().allMatch(c -> c >= '!' && c <= '~');
  }

  static Optional<String> utf8(ByteBuffer in, int at, int length) {
    try {
      return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(in.slice(at, length)).toString());
    } catch (CharacterCodingException _) {
      return Optional.empty();
    }
  }

  static void putAscii(ByteBuffer out, String text) {
    out.put(text.getBytes(StandardCharsets.US_ASCII));
  }
}
