package dev.damselfly.nydus;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// What chunks and version 5 inodes are named by: 32 bytes.
public enum DigestAlgorithm {
  BLAKE3(0, 0x4),
  SHA256(1, 0x8);

  public static final int LENGTH = 32;

  private final int number;
  private final int flag;

  DigestAlgorithm(int number, int flag) {
    this.number = number;
    this.flag = flag;
  }

  /// A digest that is under way. Not thread-safe.
  public sealed interface Running permits Blake3, Sha256 {
    default void add(byte[] bytes) {
      add(bytes, 0, bytes.length);
    }

    void add(byte[] bytes, int from, int length);

    /// The digest; nothing is added afterwards.
    byte[] end();
  }

  private static final class Sha256 implements Running {
    private final MessageDigest digest;

    Sha256() {
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void add(byte[] bytes, int from, int length) {
      digest.update(bytes, from, length);
    }

    @Override
    public byte[] end() {
      return digest.digest();
    }
  }

  public Running start() {
    return switch (this) {
      case BLAKE3 -> new Blake3();
      case SHA256 -> new Sha256();
    };
  }

  public byte[] of(byte[] bytes) {
    Running running = start();
    running.add(bytes);
    return running.end();
  }

  /// Digest of the remaining bytes of a buffer with an array; its position stays.
  public byte[] of(ByteBuffer bytes) {
    Running running = start();
    running.add(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    return running.end();
  }

  static DigestAlgorithm ofNumber(long number, long at) throws RafsRefused {
    for (DigestAlgorithm each : values()) {
      if (each.number == number) {
        return each;
      }
    }
    throw new RafsRefused(Code.M11, at, "digest is blake3 or sha256");
  }

  static DigestAlgorithm ofFlags(long flags, long at) throws RafsRefused {
    boolean blake3 = (flags & BLAKE3.flag) != 0;
    boolean sha256 = (flags & SHA256.flag) != 0;
    Bytes.require(blake3 != sha256, Code.M11, at, "exactly one digest bit is set");
    return blake3 ? BLAKE3 : SHA256;
  }
}
