package dev.damselfly.peer.testing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Frames written out by hand, so that a codec that is wrong on both ends does not pass.
public final class RawFrames {
  private RawFrames() {}

  public static byte[] frame(int tag, byte[] value) {
    return frame(tag, value.length, value);
  }

  /// @param declared the length that the header claims
  public static byte[] frame(int tag, int declared, byte[] value) {
    return ByteBuffer.allocate(6 + value.length).put((byte) 0).put((byte) tag).putInt(declared).put(value).array();
  }

  public static byte[] request(String task, int number) {
    return frame(0, ByteBuffer.allocate(68).put(ascii(task)).putInt(number).array());
  }

  public static byte[] have(int... numbers) {
    var value = ByteBuffer.allocate(4 + 4 * numbers.length).putInt(numbers.length);
    for (int number : numbers) {
      value.putInt(number);
    }
    return frame(0xd2, value.array());
  }

  /// What stands before the content.
  public static byte[] contentHead(int number, long offset, long length, String digest) {
    int metadata = 45 + digest.length();
    return frame(
        1,
        ByteBuffer.allocate(4 + metadata)
            .putInt(metadata)
            .putInt(number)
            .putLong(offset)
            .putLong(length)
            .putInt(digest.length())
            .put(ascii(digest))
            .putInt(0)
            .put((byte) 1)
            .putLong(0)
            .putLong(1_767_225_600)
            .array());
  }

  public static byte[] error(int code, String message) {
    return frame(0xff, ByteBuffer.allocate(1 + message.length()).put((byte) code).put(ascii(message)).array());
  }

  public static byte[] concat(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
