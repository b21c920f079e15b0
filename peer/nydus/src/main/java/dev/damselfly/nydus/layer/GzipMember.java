package dev.damselfly.nydus.layer;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// The content of exactly one gzip member (RFC 1952), checksum and length checked, nothing behind it. Owns neither
/// the stream nor its bytes; the end is reported only after all was checked.
final class GzipMember extends InputStream {
  private static final int HEADER = 10;
  private static final int TRAILER = 8;
  private static final int MOST_TEXT = 64 << 10;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int HEADER_CRC = 2;

  /// Not one whole gzip member.
  static final class Broken extends IOException {
    private static final long serialVersionUID = 1L;
    private final long at;

    Broken(long at) {
      super("not one gzip member");
      this.at = at;
    }

    long at() {
      return at;
    }
  }

  private final InputStream in;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private final byte[] buffer = new byte[1 << 13];
  private long taken;
  private long given;
  private int filled; // bytes in the buffer
  private boolean ended;

  GzipMember(InputStream in) throws IOException {
    this.in = in;
    byte[] header = in.readNBytes(HEADER);
    taken = header.length;
    boolean whole =
        header.length == HEADER && (header[0] & 0xff) == 0x1f && (header[1] & 0xff) == 0x8b && header[2] == 8;
    int flags = whole ? header[3] & 0xff : 0xff;
    require(whole && flags <= 0x1f);
    if ((flags & EXTRA) != 0) {
      int length = next() | next() << 8;
      for (int i = 0; i < length; i++) {
        next();
      }
    }
    skipText((flags & NAME) != 0);
    skipText((flags & COMMENT) != 0);
    if ((flags & HEADER_CRC) != 0) {
      next();
      next();
    }
  }

  private void skipText(boolean present) throws IOException {
    long end = taken + MOST_TEXT;
    while (present && next() != 0) {
      require(taken < end);
    }
  }

  private int next() throws IOException {
    int value = in.read();
    require(value >= 0);
    taken++;
    return value;
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    if (ended || length == 0) {
      return ended ? -1 : 0;
    }
    try {
      while (true) {
        int count = inflater.inflate(to, offset, length);
        if (count > 0) {
          crc.update(to, offset, count);
          given += count;
          return count;
        }
        if (inflater.finished()) {
          requireEnd();
          ended = true;
          return -1;
        }
        require(!inflater.needsDictionary());
        filled = in.read(buffer);
        require(filled > 0);
        taken += filled;
        inflater.setInput(buffer, 0, filled);
      }
    } catch (DataFormatException e) {
      throw new Broken(taken);
    }
  }

  private void requireEnd() throws IOException {
    int left = inflater.getRemaining();
    var trailer = new byte[TRAILER];
    int here = Math.min(left, TRAILER);
    System.arraycopy(buffer, filled - left, trailer, 0, here);
    require(left <= TRAILER && in.readNBytes(trailer, here, TRAILER - here) == TRAILER - here);
    require(in.read() < 0);
    long sum = 0;
    long size = 0;
    for (int i = 0; i < 4; i++) {
      sum |= (trailer[i] & 0xffL) << 8 * i;
      size |= (trailer[4 + i] & 0xffL) << 8 * i;
    }
    require(sum == crc.getValue() && size == (given & 0xffff_ffffL));
  }

  private void require(boolean holds) throws Broken {
    if (!holds) {
      throw new Broken(taken);
    }
  }

  @Override
  public void close() {
    inflater.end();
  }
}
