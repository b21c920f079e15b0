package dev.damselfly.authz.audit;

import dev.damselfly.api.error.InvalidValue;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// A signed statement: "record `seq` has this hash". Kept in a second place, it shows forks, truncation and rollback.
///
/// @param hash lower-case hex of the record's hash
/// @param keyId first 16 hex digits of SHA-256 over the public key
/// @param signature lower-case hex, Ed25519 over [#signedBytes]
public record SignedHead(long seq, String hash, String keyId, String signature) {
  private static final byte[] DOMAIN = "damselfly-audit-head-v1\n".getBytes(StandardCharsets.US_ASCII);
  private static final String RULE = "must be a signed head: seq, hash, key id and signature";

  public SignedHead {
    if (seq < 1 || !isHex(hash, 64) || !isHex(keyId, 16) || !isHex(signature, 128)) {
      throw new InvalidValue(RULE);
    }
  }

  static byte[] signedBytes(long seq, String hash) {
    return ByteBuffer.allocate(DOMAIN.length + Long.BYTES + 32)
        .put(DOMAIN)
        .putLong(seq)
        .put(HexFormat.of().parseHex(hash))
        .array();
  }

  /// Inverse of [#toString].
  public static SignedHead parse(String line) {
    String[] parts = line.length() > 256 ? new String[0] : line.split(" ", -1);
    if (parts.length != 4 || parts[0].isEmpty() || parts[0].length() > 19 || parts[0].charAt(0) == '0') {
      throw new InvalidValue(RULE);
    }
    try {
      return new SignedHead(Long.parseUnsignedLong(parts[0]), parts[1], parts[2], parts[3]);
    } catch (NumberFormatException e) {
      throw new InvalidValue(RULE);
    }
  }

  private static boolean isHex(String text, int length) {
    return text.length() == length && text.chars().allMatch(c -> c >= '0' && c <= '9' || c >= 'a' && c <= 'f');
  }

  @Override
  public String toString() {
    return seq + " " + hash + " " + keyId + " " + signature;
  }
}
