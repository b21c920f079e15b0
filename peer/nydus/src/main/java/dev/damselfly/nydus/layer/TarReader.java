package dev.damselfly.nydus.layer;

import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.RafsRefused;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Entries of a tar archive: plain files and directories, sizes in octal. Links, extended headers, sparse files and
/// everything else is refused, so no header can change the size or the name of another.
final class TarReader {
  private static final int BLOCK = 512;
  private static final int NAME = 100;
  private static final int SIZE_AT = 124;
  private static final int SIZE = 12;
  private static final int CHECKSUM_AT = 148;
  private static final int CHECKSUM = 8;
  private static final int TYPE_AT = 156;
  private static final int PREFIX_AT = 345;
  private static final int PREFIX = 155;
  private static final int MAGIC_AT = 257;

  record Entry(String name, long size, boolean isDirectory) {}

  private final InputStream in;
  private long position;
  private long headerAt;
  private long left; // content that was not asked for

  TarReader(InputStream in) {
    this.in = in;
  }

  long headerAt() {
    return headerAt;
  }

  /// The next entry; at the end, the rest of the stream is zeros and was read.
  Optional<Entry> next() throws IOException, RafsRefused {
    require(left == 0, "every content is read");
    headerAt = position;
    byte[] header = block();
    if (isZero(header)) {
      requireEnd();
      return Optional.empty();
    }
    require(number(header, CHECKSUM_AT, CHECKSUM) == checksum(header), "the checksum of a header is right");
    require(text(header, MAGIC_AT, 5).equals("ustar"), "the archive is a ustar archive");
    require(isZero(header, PREFIX_AT, PREFIX), "names are short");
    int type = header[TYPE_AT];
    require(type == '0' || type == 0 || type == '5', "entries are plain files and directories");
    long size = number(header, SIZE_AT, SIZE);
    require(type != '5' || size == 0, "a directory has no content");
    left = size;
    return Optional.of(new Entry(text(header, 0, NAME), size, type == '5'));
  }

  /// The content of the current entry. Memory grows as bytes arrive.
  byte[] content(long most) throws IOException, RafsRefused {
    require(left <= Math.min(most, Integer.MAX_VALUE - 8), "the content is bounded");
    byte[] content = in.readNBytes((int) left);
    position += content.length;
    require(content.length == left, "the archive is whole");
    left = 0;
    int padding = (BLOCK - content.length % BLOCK) % BLOCK;
    byte[] rest = in.readNBytes(padding);
    position += rest.length;
    require(rest.length == padding && isZero(rest), "content is padded with zeros");
    return content;
  }

  private void requireEnd() throws IOException, RafsRefused {
    require(isZero(block()), "two blocks of zeros end the archive");
    var buffer = new byte[1 << 13];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      require(isZero(buffer, 0, count), "nothing follows the end");
      position += count;
    }
  }

  private byte[] block() throws IOException, RafsRefused {
    byte[] block = in.readNBytes(BLOCK);
    position += block.length;
    require(block.length == BLOCK, "the archive is whole");
    return block;
  }

  private long number(byte[] header, int at, int length) throws RafsRefused {
    long value = 0;
    int i = at;
    for (; i < at + length && header[i] >= '0' && header[i] <= '7'; i++) {
      value = value * 8 + header[i] - '0';
    }
    require(i > at, "numbers are octal");
    for (; i < at + length; i++) {
      require(header[i] == 0 || header[i] == ' ', "numbers are octal");
    }
    return value;
  }

  private String text(byte[] header, int at, int length) throws RafsRefused {
    int end = at;
    while (end < at + length && header[end] != 0) {
      require(header[end] > ' ' && header[end] < 0x7f, "names are printable ASCII");
      end++;
    }
    return new String(header, at, end - at, StandardCharsets.US_ASCII);
  }

  private static long checksum(byte[] header) {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM ? ' ' : header[i] & 0xff;
    }
    return sum;
  }

  private static boolean isZero(byte[] bytes) {
    return isZero(bytes, 0, bytes.length);
  }

  private static boolean isZero(byte[] bytes, int from, int length) {
    for (int i = from; i < from + length; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private void require(boolean holds, String rule) throws RafsRefused {
    if (!holds) {
      throw new RafsRefused(Code.M47, headerAt, rule);
    }
  }
}
