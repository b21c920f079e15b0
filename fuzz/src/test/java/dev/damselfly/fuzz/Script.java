package dev.damselfly.fuzz;

/// An input read as a list of operations: small numbers, one byte each. At the end there are only zeros.
final class Script {
  private final byte[] input;
  private int at;

  Script(byte[] input) {
    this.input = input;
  }

  boolean hasNext() {
    return at < input.length;
  }

  /// A number in [0, bound), bound at most 256.
  int next(int bound) {
    return hasNext() ? (input[at++] & 0xff) % bound : 0;
  }

  /// The next bytes as they stand, as many as there are.
  byte[] take(int most) {
    int end = Math.min(input.length, at + most);
    byte[] bytes = java.util.Arrays.copyOfRange(input, at, end);
    at = end;
    return bytes;
  }

  byte[] rest() {
    return take(input.length);
  }

  static void check(boolean holds, String finding) {
    if (!holds) {
      throw new AssertionError(finding);
    }
  }
}
