package dev.damselfly.fuzz;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What an input spells: steps, each with a kind, flags, and bytes of its own. Every input is a script.
///
/// A step is `kind, flags, length (2 bytes), bytes`; the last one may be cut short.
final class CallScript {
  private static final int HEAD = 4;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /// @param kind 0..255, what to do
  /// @param flags 0..255, how
  record Step(int kind, int flags, byte[] bytes) {
    boolean has(int flag) {
      return (flags & flag) != 0;
    }
  }

  /// At most `max` steps; what follows is not looked at.
  static List<Step> read(byte[] input, int max) {
    var steps = new ArrayList<Step>();
    int at = 0;
    while (steps.size() < max && input.length - at >= HEAD) {
      int length = (input[at + 2] & 0xff) << 8 | input[at + 3] & 0xff;
      int from = at + HEAD;
      int to = Math.min(input.length, from + length);
      steps.add(new Step(input[at] & 0xff, input[at + 1] & 0xff, Arrays.copyOfRange(input, from, to)));
      at = to;
    }
    return steps;
  }

  CallScript step(int kind, int flags, byte[] bytes) {
    out.write(kind);
    out.write(flags);
    out.write(bytes.length >> 8);
    out.write(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
