package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A SHA-256 value, 64 lower-case hexadecimal digits. The one digest that decides about pieces.
public record Sha256(String hex) {
  public static final int BYTES = 32;

  public Sha256 {
    Hex.require(hex, 2 * BYTES);
  }

  /// @throws InvalidValue unless there are exactly 32 bytes
  public static Sha256 of(byte[] value) {
    if (value.length != BYTES) {
      throw new InvalidValue("must be " + BYTES + " bytes");
    }
    return new Sha256(HexFormat.of().formatHex(value));
  }

  /// A fresh calculation.
  public static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return hex;
  }
}
