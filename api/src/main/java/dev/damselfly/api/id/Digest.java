package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Expected digest of a whole content, `sha256:<hex>` or `sha512:<hex>`, lower case.
///
/// Weaker algorithms cannot be expressed (TOB-15).
public record Digest(Algorithm algorithm, String hex) {
  private static final String RULE = "must be sha256: or sha512: with lower-case hex digits of that length";

  /// The algorithms that may decide about content.
  public enum Algorithm {
    SHA256("sha256", "SHA-256", 32),
    SHA512("sha512", "SHA-512", 64);

    private final String wireName;
    private final String javaName;
    private final int bytes;

    Algorithm(String wireName, String javaName, int bytes) {
      this.wireName = wireName;
      this.javaName = javaName;
      this.bytes = bytes;
    }

    /// Spelling in front of the colon.
    public String wireName() {
      return wireName;
    }

    /// Length of the value.
    public int bytes() {
      return bytes;
    }
  }

  public Digest {
    Hex.require(hex, 2 * algorithm.bytes);
  }

  /// Inverse of [#toString].
  public static Digest parse(String text) {
    for (Algorithm algorithm : Algorithm.values()) {
      int prefix = algorithm.wireName.length() + 1;
      if (text.length() == prefix + 2 * algorithm.bytes
          && text.startsWith(algorithm.wireName)
          && text.charAt(prefix - 1) == ':') {
        return new Digest(algorithm, text.substring(prefix));
      }
    }
    throw new InvalidValue(RULE);
  }

  /// @throws InvalidValue unless the value has the length of the algorithm
  public static Digest of(Algorithm algorithm, byte[] value) {
    return new Digest(algorithm, HexFormat.of().formatHex(value));
  }

  public static Digest of(Sha256 value) {
    return new Digest(Algorithm.SHA256, value.hex());
  }

  /// A fresh calculation with this algorithm.
  public MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance(algorithm.javaName);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-2", e);
    }
  }

  /// Compares with the result of a calculation.
  public boolean matches(byte[] value) {
    return MessageDigest.isEqual(HexFormat.of().parseHex(hex), value);
  }

  @Override
  public String toString() {
    return algorithm.wireName + ":" + hex;
  }
}
