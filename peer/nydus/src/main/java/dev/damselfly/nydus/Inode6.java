package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

/// One inode record of version 6 (format 2.6), compact or extended.
///
/// @param layout 0 plain, 2 inline tail, 4 chunks
/// @param blockOrFormat block address, device number or chunk format, by layout and type
/// @param attributes where the extended attributes are, size 0 for none
record Inode6(Node node, int layout, long blockOrFormat, Table attributes) {
  static final int SLOT = 32;
  static final int PLAIN = 0;
  static final int INLINE = 2;
  static final int CHUNKS = 4;
  private static final int EXTENDED_SIZE = 64;
  private static final long NANOS = 1_000_000_000;

  /// @throws RafsRefused when the fixed part or its attributes leave the file, or a field breaks a rule of its own
  static Inode6 read(Bytes in, Superblock6 superblock, long nid) throws RafsRefused {
    long at = superblock.offsetOf(nid);
    in.requireInside(at, SLOT, Code.M31, "an inode lies inside the file");
    int format = in.u16(at);
    require(format <= 0xF, Code.M21, at, "no unknown format bit is set");
    int layout = format >> 1;
    require(layout == PLAIN || layout == INLINE || layout == CHUNKS, Code.M21, at,
        "the layout is plain, inline or chunks");
    NodeType type = NodeType.ofMode(in.u16(at + 4), at + 4);
    boolean extended = (format & 1) != 0;
    if (extended) {
      in.requireInside(at, EXTENDED_SIZE, Code.M31, "an inode lies inside the file");
    }
    Node node = extended ? extended(in, nid, at, type) : compact(in, nid, at, type);
    int count = in.u16(at + 2);
    long size = count == 0 ? 0 : 12 + 4L * (count - 1);
    var attributes = new Table(at + (extended ? EXTENDED_SIZE : SLOT), size);
    in.requireInside(attributes.offset(), size, Code.M33, "attributes lie inside the file");
    var inode = new Inode6(node, layout, in.u32(at + 16), attributes);
    inode.requireLayout();
    return inode;
  }

  private static Node extended(Bytes in, long nid, long at, NodeType type) throws RafsRefused {
    require(in.u16(at + 6) == 0, Code.M03, at + 6, "reserved bytes of an inode are 0");
    in.requireZero(at + 48, 16, "reserved bytes of an inode are 0");
    long nanos = in.u32(at + 40);
    require(nanos < NANOS, Code.M03, at + 40, "nanoseconds are below 10^9");
    long links = in.u32(at + 44);
    require(links > 0, Code.M23, at + 44, "an inode has a name");
    long size = in.u64(at + 8, Long.MAX_VALUE, Code.M24, "a size is below 2^63");
    long rdev = type.isDevice() ? in.u32(at + 16) : 0;
    return new Node(
        nid, at, type, in.u16(at + 4), in.u32(at + 24), in.u32(at + 28), size, links, in.u64(at + 32), (int) nanos,
        rdev);
  }

  private static Node compact(Bytes in, long nid, long at, NodeType type) throws RafsRefused {
    require(in.u32(at + 12) == 0, Code.M03, at + 12, "reserved bytes of an inode are 0");
    require(in.u32(at + 28) == 0, Code.M03, at + 28, "reserved bytes of an inode are 0");
    long links = in.u16(at + 6);
    require(links > 0, Code.M23, at + 6, "an inode has a name");
    long rdev = type.isDevice() ? in.u32(at + 16) : 0;
    return new Node(nid, at, type, in.u16(at + 4), in.u16(at + 24), in.u16(at + 26), in.u32(at + 8), links, 0, 0, rdev);
  }

  private void requireLayout() throws RafsRefused {
    long at = node.offset();
    switch (node.type()) {
      case FILE -> require(layout == CHUNKS, Code.M21, at, "a regular file consists of chunks");
      case DIRECTORY -> {
        require(layout != CHUNKS, Code.M21, at, "a directory does not consist of chunks");
        require(node.size() > 0, Code.M25, at + 8, "a directory is not empty");
      }
      case SYMLINK -> {
        require(layout != CHUNKS, Code.M21, at, "a symbolic link does not consist of chunks");
        require(node.size() >= 1 && node.size() <= 4096, Code.M32, at + 8, "a target has 1 to 4096 bytes");
      }
      default -> require(layout == PLAIN && node.size() == 0, Code.M21, at, "a special node has no content");
    }
  }

  /// Number of chunks of a regular file.
  long chunkCount(int chunkSize) {
    return node.size() / chunkSize + (node.size() % chunkSize == 0 ? 0 : 1);
  }

  /// Where the chunk addresses of a regular file start.
  long addresses() {
    return Bytes.align(attributes.end(), 8);
  }

  /// Where whole blocks of a directory or symbolic link end inside its content.
  long blocksSize() {
    return layout == INLINE ? node.size() / Superblock6.BLOCK * Superblock6.BLOCK : node.size();
  }

  long blocks() {
    return blockOrFormat * Superblock6.BLOCK;
  }

  int tailSize() {
    return (int) (node.size() - blocksSize());
  }

  /// Claims all bytes of the record, and of its blocks.
  void claim(Bytes in, Superblock6 superblock, Claims claims) throws RafsRefused {
    long end = attributes.end();
    if (node.type() == NodeType.FILE) {
      long count = chunkCount(superblock.chunkSize());
      boolean fits = count <= in.length() / 8 && count * 8 <= in.length() - Math.min(addresses(), in.length());
      require(fits, Code.M24, node.offset() + 8, "the chunk addresses of a file lie inside the bootstrap");
      end = count == 0 ? end : addresses() + 8 * count;
    } else if (layout == INLINE || node.type() == NodeType.DIRECTORY || node.type() == NodeType.SYMLINK) {
      claimContent(in, superblock, claims);
      end += tailSize();
    }
    claims.add(node.offset(), end);
  }

  private void claimContent(Bytes in, Superblock6 superblock, Claims claims) throws RafsRefused {
    long tail = attributes.end();
    if (layout == INLINE) {
      require(tailSize() > 0, Code.M25, node.offset() + 8, "an inline layout has a tail");
      in.requireInside(tail, tailSize(), Code.M25, "an inline tail lies inside the file");
      boolean oneBlock = tail / Superblock6.BLOCK == (tail + tailSize() - 1) / Superblock6.BLOCK;
      require(oneBlock, Code.M25, node.offset() + 8, "an inline tail stays in one block");
    }
    long size = blocksSize();
    if (size > 0) {
      require(size <= in.length(), Code.M25, node.offset() + 8, "content lies inside the bootstrap");
      long whole = Bytes.align(size, Superblock6.BLOCK);
      boolean inside = blocks() >= superblock.meta() && whole <= in.length() && blocks() <= in.length() - whole;
      require(inside, Code.M25, node.offset() + 16, "content lies inside the metadata area");
      require(in.isZero(blocks() + size, whole - size), Code.M27, blocks() + size, "padding is 0");
      claims.add(blocks(), blocks() + whole);
    }
  }

  /// Target of a symbolic link; the record is claimed.
  byte[] content(Bytes in) {
    int whole = (int) blocksSize();
    var content = new byte[(int) node.size()];
    System.arraycopy(in.copy(blocks() * (whole > 0 ? 1 : 0), whole), 0, content, 0, whole);
    System.arraycopy(in.copy(attributes.end(), tailSize()), 0, content, whole, tailSize());
    return content;
  }
}
