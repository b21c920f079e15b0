package dev.damselfly.api.wire.vortex;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import java.nio.ByteBuffer;

/// A child asks for one piece. Exactly 68 bytes (B-01).
public record PieceRequest(TaskId task, PieceNumber number) {
  public static final int VALUE_SIZE = TaskId.LENGTH + Integer.BYTES;
  public static final int SIZE = FrameHeader.SIZE + VALUE_SIZE;

  /// @param header just decoded, with a request tag
  /// @param in positioned at the value
  public static Decoded<PieceRequest> decode(FrameHeader header, ByteBuffer in) {
    if (!Tag.isRequest(header.tag())) {
      return new Decoded.Bad<>("a piece request has a request tag");
    }
    if (header.length() != VALUE_SIZE) {
      return new Decoded.Bad<>("a piece request has " + VALUE_SIZE + " bytes");
    }
    if (in.remaining() < VALUE_SIZE) {
      return new Decoded.NeedMore<>(VALUE_SIZE - in.remaining());
    }
    int at = in.position();
    long number = Octets.unsignedInt(in, at + TaskId.LENGTH);
    if (number >= PieceNumber.MAX) {
      return new Decoded.Bad<>("piece number must be below " + PieceNumber.MAX);
    }
    try {
      var task = new TaskId(Octets.visibleAscii(in, at, TaskId.LENGTH).orElse(""));
      return new Decoded.Value<>(new PieceRequest(task, new PieceNumber((int) number)), VALUE_SIZE);
    } catch (InvalidValue e) {
      return new Decoded.Bad<>("task id " + e.rule());
    }
  }

  /// Writes header and value, [#SIZE] bytes.
  ///
  /// @param id of the frame
  /// @param tag a request tag
  public void encode(int id, int tag, ByteBuffer out) {
    if (!Tag.isRequest(tag)) {
      throw new IllegalArgumentException("a piece request has a request tag");
    }
    new FrameHeader(id, tag, VALUE_SIZE).encode(out);
    Octets.putAscii(out, task.value());
    out.putInt(number.value());
  }
}
