package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// Extended attributes of version 6 (format 2.8).
final class Xattrs6 {
  private static final int HEADER = 12;
  private static final String[] PREFIXES = {
    "", "user.", "system.posix_acl_access", "system.posix_acl_default", "trusted.", "lustre.", "security."
  };

  private Xattrs6() {}

  /// Reads and checks all attributes of an inode.
  static List<Xattr> read(Bytes in, Table area, int limit) throws RafsRefused {
    if (area.size() == 0) {
      return List.of();
    }
    require(area.size() <= limit, Code.M33, area.offset(), "attributes of an inode are bounded");
    require(in.isZero(area.offset(), HEADER), Code.M33, area.offset(), "there is no filter and no shared attribute");
    var found = new ArrayList<Xattr>();
    var names = new HashSet<ByteBuffer>();
    long at = area.offset() + HEADER;
    while (at < area.end()) {
      int nameLength = in.u8(at);
      int valueLength = in.u16(at + 2);
      long end = at + 4 + nameLength + valueLength;
      require(end <= area.end(), Code.M33, at, "an attribute ends inside its area");
      byte[] name = name(in, at, nameLength);
      require(names.add(ByteBuffer.wrap(name)), Code.M33, at, "attribute names differ");
      found.add(new Xattr(name, in.copy(at + 4 + nameLength, valueLength)));
      long next = Bytes.align(end, 4);
      require(next <= area.end() && in.isZero(end, next - end), Code.M33, at, "attributes are padded with 0");
      at = next;
    }
    return found;
  }

  private static byte[] name(Bytes in, long at, int length) throws RafsRefused {
    int prefix = in.u8(at + 1);
    require(prefix >= 1 && prefix < PREFIXES.length, Code.M33, at + 1, "the prefix of an attribute is known");
    boolean whole = prefix == 2 || prefix == 3;
    require(whole ? length == 0 : length > 0, Code.M33, at,
        "an attribute has a suffix unless its prefix is the whole name");
    require(in.firstZero(at + 4, at + 4 + length) == at + 4 + length, Code.M33, at + 4, "an attribute name has no NUL");
    byte[] start = PREFIXES[prefix].getBytes(StandardCharsets.US_ASCII);
    byte[] suffix = in.copy(at + 4, length);
    return ByteBuffer.allocate(start.length + length).put(start).put(suffix).array();
  }
}
