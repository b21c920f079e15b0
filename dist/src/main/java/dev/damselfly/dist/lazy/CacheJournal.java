package dev.damselfly.dist.lazy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/// The records of a cache file: which chunks of one blob were verified, and where they lie. Pure.
///
/// A header names the format and the boot of the system under which the records were written: after a crash of the system
/// nothing says that what a record stands for reached the disk.
public final class CacheJournal {
  static final int HEADER = 48;
  static final int RECORD = 48;
  private static final byte[] MAGIC = "DFNYDC01".getBytes(StandardCharsets.US_ASCII);
  private static final int BOOT = 36;
  private static final int DIGEST = 32;
  private static final int CHECKED = RECORD - Integer.BYTES;

  private CacheJournal() {}

  /// A verified chunk: `[at, at + size)` of the uncompressed blob.
  record Held(long at, int size, byte[] digest) {
    boolean is(long otherAt, int otherSize) {
      return at == otherAt && size == otherSize;
    }
  }

  /// @param boot 36 characters
  static byte[] header(String boot) {
    return ByteBuffer.allocate(HEADER).put(MAGIC).put(boot.getBytes(StandardCharsets.US_ASCII), 0, BOOT).array();
  }

  /// The boot that a header names; empty for another format.
  public static Optional<String> boot(byte[] header) {
    boolean ours = header.length == HEADER && Arrays.equals(header, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    return ours ? Optional.of(new String(header, MAGIC.length, BOOT, StandardCharsets.US_ASCII)) : Optional.empty();
  }

  static byte[] record(Held held) {
    var bytes = ByteBuffer.allocate(RECORD).putLong(held.at()).putInt(held.size()).put(held.digest(), 0, DIGEST);
    var crc = new CRC32C();
    crc.update(bytes.array(), 0, CHECKED);
    return bytes.putInt((int) crc.getValue()).array();
  }

  /// One record; empty for one that was not written to its end, or says nonsense.
  static Optional<Held> parse(ByteBuffer bytes) {
    if (bytes.remaining() < RECORD) {
      return Optional.empty();
    }
    var crc = new CRC32C();
    crc.update(bytes.slice(bytes.position(), CHECKED));
    long at = bytes.getLong();
    int size = bytes.getInt();
    var digest = new byte[DIGEST];
    bytes.get(digest);
    boolean good = bytes.getInt() == (int) crc.getValue() && at >= 0 && size > 0 && at <= BlobCache.MOST_BYTES - size;
    return good ? Optional.of(new Held(at, size, digest)) : Optional.empty();
  }
}
