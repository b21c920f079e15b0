package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// Extended attributes of version 5 (format 5.4): packed pairs of a name, NUL and a value.
final class Xattrs5 {
  private static final List<String> PREFIXES = List.of("user.", "trusted.", "lustre.", "security.");
  private static final List<String> WHOLE = List.of("system.posix_acl_access", "system.posix_acl_default");

  private Xattrs5() {}

  static List<Xattr> read(Bytes in, Table area, int limit) throws RafsRefused {
    require(area.size() <= limit, Code.M33, area.offset(), "attributes of an inode are bounded");
    var found = new ArrayList<Xattr>();
    var names = new HashSet<ByteBuffer>();
    long at = area.offset();
    while (at < area.end()) {
      require(area.end() - at >= 4, Code.M33, at, "an attribute has a size");
      long size = in.u32(at);
      long end = at + 4 + size;
      require(end <= area.end(), Code.M33, at, "an attribute ends inside its area");
      long zero = in.firstZero(at + 4, end);
      require(zero < end, Code.M33, at, "an attribute name ends with NUL");
      byte[] name = in.copy(at + 4, (int) (zero - at - 4));
      require(isKnown(name), Code.M33, at + 4, "the prefix of an attribute is known");
      require(names.add(ByteBuffer.wrap(name)), Code.M33, at + 4, "attribute names differ");
      found.add(new Xattr(name, in.copy(zero + 1, (int) (end - zero - 1))));
      at = end;
    }
    return found;
  }

  private static boolean isKnown(byte[] name) {
    String text = new String(name, StandardCharsets.ISO_8859_1);
    boolean suffix = PREFIXES.stream().anyMatch(prefix -> text.startsWith(prefix) && text.length() > prefix.length());
    return suffix || WHOLE.contains(text);
  }
}
