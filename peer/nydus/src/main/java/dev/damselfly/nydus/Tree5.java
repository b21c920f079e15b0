package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Checks all inodes of version 5 and the tree that they form (format 5.4 to 5.6), slot by slot without recursion.
final class Tree5 {
  private final Bytes in;
  private final Superblock5 superblock;
  private final Limits limits;
  private final List<Blob> blobs;
  private final Longs chunkRecords = new Longs();
  private final Longs numbers = new Longs(); // inode number << 32 | slot
  private final int[] parents; // slot of the directory
  private final int[] depths;
  private final int[] pathLengths;
  private long references;
  private long nameBytes;

  Tree5(Bytes in, Superblock5 superblock, Limits limits, List<Blob> blobs) throws RafsRefused {
    require(superblock.entries() <= limits.inodes(), Code.M49, 56, "inodes are bounded");
    this.in = in;
    this.superblock = superblock;
    this.limits = limits;
    this.blobs = blobs;
    this.parents = new int[superblock.entries() + 1];
    this.depths = new int[superblock.entries() + 1];
    this.pathLengths = new int[superblock.entries() + 1];
  }

  /// @return the records of all chunks, see [ChunkTable#version5]
  Longs check() throws RafsRefused {
    Claims claims = new Claims(in.length());
    claims.addTable(new Table(0, Superblock5.SIZE));
    claims.addTable(superblock.tables().inodes());
    claims.addTable(superblock.tables().prefetch());
    claims.addTable(superblock.tables().blobs());
    claims.addTable(superblock.tables().extended());
    for (int slot = 1; slot <= superblock.entries(); slot++) {
      inode(slot, claims);
    }
    claims.requireDisjoint();
    Inode5 root = at(1);
    require(root.isDirectory() && root.node().id() == 1, Code.M49, root.node().offset(), "the root is directory 1");
    pathLengths[1] = 1;
    for (int slot = 1; slot <= superblock.entries(); slot++) {
      require(slot == 1 || parents[slot] != 0, Code.M49, superblock.slotAt(slot),
          "each inode but the root has a parent");
      children(slot);
    }
    requireLinks();
    new HashTree5(in, superblock).check();
    return chunkRecords;
  }

  private Inode5 at(long slot) throws RafsRefused {
    return Inode5.read(in, superblock.offsetOf(in, slot));
  }

  private void inode(int slot, Claims claims) throws RafsRefused {
    long at = superblock.offsetOf(in, slot);
    boolean placed = at > Superblock5.SIZE && at <= in.length() - Inode5.FIXED;
    require(placed, Code.M49, superblock.slotAt(slot), "an inode lies inside the file, after the superblock");
    Inode5 inode = Inode5.read(in, at);
    claims.add(at, inode.end());
    long number = inode.node().id();
    boolean known = number >= 1 && number <= superblock.entries();
    require(known, Code.M49, at + 40, "an inode number is one of the table");
    numbers.add(number << 32 | slot);
    Xattrs5.read(in, inode.attributes(), limits.xattrBytes());
    byte[] target = in.copy(inode.target().offset(), (int) inode.target().size());
    for (byte b : target) {
      require(b != 0, Code.M32, inode.target().offset(), "a target has no NUL");
    }
    if (inode.node().type() == NodeType.FILE) {
      chunks(inode);
    }
  }

  private void chunks(Inode5 inode) throws RafsRefused {
    long size = inode.node().size();
    int chunkSize = superblock.chunkSize();
    long count = inode.children().count();
    boolean fits = count == size / chunkSize + (size % chunkSize == 0 ? 0 : 1);
    require(fits, Code.M24, inode.node().offset() + 96, "a file has the chunks of its size");
    references += count;
    require(references <= limits.chunkReferences(), Code.M24, inode.node().offset() + 96, "chunk records are bounded");
    for (long k = 0; k < count; k++) {
      long at = inode.chunkAt(k);
      ChunkRecord.check(in, at, blobs, chunkSize, false);
      boolean place = in.u64(at + ChunkRecord.FILE_OFFSET_AT) == k * chunkSize;
      require(place, Code.M37, at + ChunkRecord.FILE_OFFSET_AT, "a chunk stands where its number says");
      require(in.u32(at + 44) == Math.min(chunkSize, size - k * chunkSize), Code.M37, at + 44, "chunks fill the file");
      chunkRecords.add(ChunkRecord.key(in, at) << ChunkTable.SHIFT | at >> 3);
    }
  }

  private void children(int slot) throws RafsRefused {
    Inode5 directory = at(slot);
    long count = directory.childCount();
    if (count == 0) {
      return;
    }
    long field = directory.node().offset() + 92;
    long first = directory.children().first();
    boolean inside = first > slot && first + count - 1 <= superblock.entries();
    require(inside, Code.M49, field, "children follow their directory in the table");
    require(count <= limits.directoryEntries(), Code.M30, field + 4, "entries of a directory are bounded");
    Inode5 before = null;
    for (long child = first; child < first + count; child++) {
      require(parents[(int) child] == 0, Code.M49, field, "an inode is in one directory");
      parents[(int) child] = slot;
      Inode5 inode = at(child);
      requireName(inode, before);
      boolean up = inode.isHardLink() || inode.parent() == directory.node().id();
      require(up, Code.M49, inode.node().offset() + 32, "an inode names its directory");
      depths[(int) child] = depths[slot] + 1;
      pathLengths[(int) child] = pathLengths[slot] + 1 + (int) inode.name().size();
      boolean bounded = depths[(int) child] <= limits.depth() && pathLengths[(int) child] <= limits.pathBytes();
      require(bounded, Code.M30, inode.node().offset(), "depth and paths are bounded");
      before = inode;
    }
  }

  private void requireName(Inode5 inode, @Nullable Inode5 before) throws RafsRefused {
    Table name = inode.name();
    boolean proper = Name.isName(in.copy(name.offset(), (int) name.size()));
    require(proper, Code.M28, name.offset(), "a name has no slash or NUL, and is not a dot entry");
    nameBytes += name.size();
    require(nameBytes <= limits.nameBytes(), Code.M30, name.offset(), "names are bounded");
    if (before != null) {
      Table last = before.name();
      int order = in.compare(last.offset(), (int) last.size(), name.offset(), (int) name.size());
      require(order < 0, Code.M49, name.offset(), "names ascend");
    }
  }

  /// Entries with one inode number are hard links of each other: same type, content and owner; and none is missing.
  private void requireLinks() throws RafsRefused {
    long[] sorted = numbers.sorted();
    long distinct = 0;
    for (int from = 0; from < sorted.length; distinct++) {
      int to = from + 1;
      Inode5 first = at(slotOf(sorted[from]));
      while (to < sorted.length && sorted[to] >>> 32 == sorted[from] >>> 32) {
        requireAlike(first.node(), at(slotOf(sorted[to])).node());
        to++;
      }
      boolean counted = first.isDirectory() || first.node().nlink() == to - from;
      require(counted, Code.M49, first.node().offset() + 88, "an inode has as many names as it says");
      from = to;
    }
    require(distinct == superblock.inodesCount(), Code.M49, 24, "the superblock counts the inodes");
  }

  private static long slotOf(long numbered) {
    return numbered & 0xffff_ffffL;
  }

  private void requireAlike(Node a, Node b) throws RafsRefused {
    boolean alike = a.type() != NodeType.DIRECTORY && a.mode() == b.mode() && a.size() == b.size() && a.uid() == b.uid()
        && a.gid() == b.gid() && a.rdev() == b.rdev() && a.nlink() == b.nlink();
    require(alike, Code.M49, b.offset() + 40, "hard links are alike");
    require(in.same(a.offset(), b.offset(), DigestAlgorithm.LENGTH), Code.M49, b.offset(),
        "hard links have one content");
  }
}
