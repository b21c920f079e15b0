package dev.damselfly.api.wire.vortex;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceNumber;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The sender holds these pieces, verified, below ALPN `damselfly-piece/1`.
///
/// @param numbers 1..8192, strictly ascending
public record Have(List<PieceNumber> numbers) {
  public static final int MAX = 8192;
  private static final String COUNT_RULE = "have names 1 to " + MAX + " pieces";
  private static final String ORDER_RULE = "have names pieces in ascending order";

  public Have {
    numbers = List.copyOf(numbers);
    if (numbers.isEmpty() || numbers.size() > MAX) {
      throw new InvalidValue(COUNT_RULE);
    }
    for (int i = 1; i < numbers.size(); i++) {
      if (numbers.get(i - 1).compareTo(numbers.get(i)) >= 0) {
        throw new InvalidValue(ORDER_RULE);
      }
    }
  }

  /// @param header just decoded, with the have tag
  /// @param in positioned at the value
  public static Decoded<Have> decode(FrameHeader header, ByteBuffer in) {
    if (header.tag() != Tag.HAVE) {
      return new Decoded.Bad<>("have has the have tag");
    }
    long length = header.length();
    if (length < 2 * Integer.BYTES || length > (1 + MAX) * Integer.BYTES || length % Integer.BYTES != 0) {
      return new Decoded.Bad<>(COUNT_RULE);
    }
    if (in.remaining() < length) {
      return new Decoded.NeedMore<>((int) length - in.remaining());
    }
    return decodeWhole((int) length, in);
  }

  private static Decoded<Have> decodeWhole(int size, ByteBuffer in) {
    int at = in.position();
    int count = size / Integer.BYTES - 1;
    if (Octets.unsignedInt(in, at) != count) {
      return new Decoded.Bad<>(COUNT_RULE);
    }
    List<PieceNumber> numbers = new ArrayList<>(count);
    long last = -1;
    for (int i = 1; i <= count; i++) {
      long number = Octets.unsignedInt(in, at + i * Integer.BYTES);
      if (number <= last || number >= PieceNumber.MAX) {
        return new Decoded.Bad<>(ORDER_RULE);
      }
      numbers.add(new PieceNumber((int) number));
      last = number;
    }
    return new Decoded.Value<>(new Have(numbers), size);
  }

  /// Bytes of header and value.
  public int encodedSize() {
    return FrameHeader.SIZE + valueSize();
  }

  private int valueSize() {
    return (1 + numbers.size()) * Integer.BYTES;
  }

  public void encode(int id, ByteBuffer out) {
    new FrameHeader(id, Tag.HAVE, valueSize()).encode(out);
    out.putInt(numbers.size());
    for (PieceNumber number : numbers) {
      out.putInt(number.value());
    }
  }
}
