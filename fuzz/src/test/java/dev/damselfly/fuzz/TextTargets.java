package dev.damselfly.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// Text of an input, and seeds from text.
final class TextTargets {
  private TextTargets() {}

  static String text(byte[] input) {
    return new String(input, StandardCharsets.UTF_8);
  }

  static List<byte[]> seeds(String... texts) {
    return java.util.Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
  }
}
