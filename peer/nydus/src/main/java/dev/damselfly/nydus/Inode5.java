package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.align;
import static dev.damselfly.nydus.Bytes.require;

/// One inode record of version 5 (format 5.4): a fixed part, then name, target, attributes and chunk records.
///
/// @param name where the name is; its size is not padded
/// @param target where the target of a symbolic link is
/// @param attributes where the attribute records are, without their length field
/// @param chunks where the chunk records of a regular file are
record Inode5(
    Node node, long parent, int flags, Children children, Table name, Table target, Table attributes, Table chunks) {
  static final int FIXED = 128;
  static final int HARDLINK = 2;
  private static final int SYMLINK = 1;
  private static final int XATTR = 4;
  private static final int KNOWN = 0xF;

  /// Slots of the children of a directory; for a regular file the number of chunks.
  record Children(long first, long count) {}

  static Inode5 read(Bytes in, long at) throws RafsRefused {
    in.requireInside(at, FIXED, Code.M49, "an inode lies inside the file");
    NodeType type = NodeType.ofMode((int) in.u32(at + 60), at + 60);
    require(in.u32(at + 60) <= 0xFFFF, Code.M22, at + 60, "a mode has 16 bits");
    long flags = in.u64(at + 80, KNOWN, Code.M49, "no unknown inode flag is set");
    boolean same = (flags & SYMLINK) != 0 == (type == NodeType.SYMLINK);
    require(same, Code.M49, at + 80, "the link flag is that of the type");
    require((flags & HARDLINK) == 0 || type != NodeType.DIRECTORY, Code.M49, at + 80, "directories have no hard links");
    in.requireZero(at + 120, 8, "reserved bytes of an inode are 0");
    var children = new Children(in.u32(at + 92), in.u32(at + 96));
    boolean may = type == NodeType.FILE || type == NodeType.DIRECTORY || children.count == 0;
    require(may, Code.M49, at + 96, "a special node has no children");
    Table name = part(in, at + FIXED, in.u16(at + 100), Code.M49);
    require(name.size() >= 1 && name.size() <= Name.MAX, Code.M28, at + 100, "a name has 1 to 255 bytes");
    int targetSize = in.u16(at + 102);
    boolean link = type == NodeType.SYMLINK ? targetSize >= 1 && targetSize <= 4096 : targetSize == 0;
    require(link, Code.M32, at + 102, "a symbolic link has a target of 1 to 4096 bytes");
    requireSize(in, at, type, targetSize);
    Table target = part(in, padded(name), targetSize, Code.M32);
    Table attributes = attributes(in, padded(target), (flags & XATTR) != 0);
    long records = type == NodeType.FILE ? ChunkRecord.SIZE * children.count : 0;
    in.requireInside(padded(attributes), records, Code.M24, "chunk records lie inside the file");
    Table chunks = new Table(padded(attributes), records);
    return new Inode5(node(in, at, type), in.u64(at + 32), (int) flags, children, name, target, attributes, chunks);
  }

  /// The size of files is that of their chunks, and is checked with them; that of directories means nothing.
  private static void requireSize(Bytes in, long at, NodeType type, int targetSize) throws RafsRefused {
    if (type != NodeType.FILE && type != NodeType.DIRECTORY) {
      require(in.u64(at + 64) == targetSize, Code.M32, at + 64, "a link has the size of its target, a special node none");
    }
  }

  private static Node node(Bytes in, long at, NodeType type) throws RafsRefused {
    long nanos = in.u32(at + 108);
    require(nanos < 1_000_000_000, Code.M03, at + 108, "nanoseconds are below 10^9");
    long size = in.u64(at + 64, Long.MAX_VALUE, Code.M24, "a size is below 2^63");
    require(in.u32(at + 88) > 0, Code.M49, at + 88, "an inode has a name");
    return new Node(
        in.u64(at + 40), at, type, (int) in.u32(at + 60), in.u32(at + 48), in.u32(at + 52), size, in.u32(at + 88),
        in.u64(at + 112), (int) nanos, type.isDevice() ? in.u32(at + 104) : 0);
  }

  private static Table part(Bytes in, long at, int size, Code code) throws RafsRefused {
    long whole = align(size, 8);
    in.requireInside(at, whole, code, "the parts of an inode lie inside the file");
    in.requireZero(at + size, whole - size, "padding is 0");
    return new Table(at, size);
  }

  private static Table attributes(Bytes in, long at, boolean present) throws RafsRefused {
    if (!present) {
      return new Table(at, 0);
    }
    in.requireInside(at, 8, Code.M33, "attributes lie inside the file");
    long size = in.u64(at, in.length(), Code.M33, "attributes lie inside the file");
    in.requireInside(at + 8, align(size, 8), Code.M33, "attributes lie inside the file");
    in.requireZero(at + 8 + size, align(size, 8) - size, "padding is 0");
    return new Table(at + 8, size);
  }

  private static long padded(Table part) {
    return align(part.end(), 8);
  }

  long end() {
    return chunks.end();
  }

  boolean isHardLink() {
    return (flags & HARDLINK) != 0;
  }

  long chunkAt(long number) {
    return chunks.offset() + ChunkRecord.SIZE * number;
  }

  boolean isDirectory() {
    return node.type() == NodeType.DIRECTORY;
  }

  /// Children are only those of directories.
  long childCount() {
    return isDirectory() ? children.count : 0;
  }
}
