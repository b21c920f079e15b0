package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.util.BitSet;

/// Walks a version 6 tree from its root with a stack of its own and checks every rule on the way (format 2.6 to 2.9).
final class Walk6 {
  private final Bytes in;
  private final Superblock6 superblock;
  private final Limits limits;
  private final Files6 files;
  private final Claims claims;
  private final BitSet reached = new BitSet();
  private final Longs links = new Longs(); // nid of each name of an inode with several
  private final Longs pending = new Longs(); // directories: nid, parent, depth << 32 | length of the path
  private int inodes;
  private long nameBytes;

  Walk6(Bytes in, Superblock6 superblock, Limits limits, ChunkTable chunks) throws RafsRefused {
    this.in = in;
    this.superblock = superblock;
    this.limits = limits;
    this.files = new Files6(in, superblock, chunks, limits);
    this.claims = new Claims(in.length());
    claims.addTable(new Table(0, Superblock6.DEVICES_AT + (long) Superblock6.DEVICE * superblock.devices()));
    claims.addTable(superblock.tables().blobs());
    claims.addTable(superblock.tables().chunks());
    claims.addTable(superblock.tables().prefetch());
  }

  /// @return numbers of all inodes
  BitSet run() throws RafsRefused {
    long root = superblock.rootNid();
    require(root < superblock.nidEnd(in), Code.M06, 1038, "the root lies inside the file");
    NodeType type = NodeType.ofMode(in.u16(superblock.offsetOf(root) + 4), superblock.offsetOf(root) + 4);
    require(type == NodeType.DIRECTORY, Code.M06, 1038, "the root is a directory");
    visit(root);
    push(root, root, 0, 1);
    while (!pending.isEmpty()) {
      long depthAndPath = pending.removeLast();
      long parent = pending.removeLast();
      directory(pending.removeLast(), parent, (int) (depthAndPath >>> 32), (int) depthAndPath);
    }
    claims.requireDisjoint();
    requireLinkCounts();
    boolean counted = superblock.inos() < 0 || superblock.inos() >= inodes;
    require(counted, Code.M06, 1040, "the superblock counts at least the inodes that are reached");
    return reached;
  }

  private void push(long nid, long parent, int depth, int pathLength) {
    pending.add(nid);
    pending.add(parent);
    pending.add((long) depth << 32 | pathLength);
  }

  private void directory(long nid, long parent, int depth, int pathLength) throws RafsRefused {
    Inode6 inode = Inode6.read(in, superblock, nid);
    var entries = new Directory6(in, inode);
    boolean self = false;
    boolean up = false;
    int count = 0;
    while (entries.advance()) {
      require(++count <= limits.directoryEntries(), Code.M30, entries.entryAt(), "entries of a directory are bounded");
      if (entries.isSelf()) {
        requireDot(entries, nid, "`.` is the directory itself");
        self = true;
      } else if (entries.isParent()) {
        requireDot(entries, parent, "`..` is the parent");
        up = true;
      } else {
        child(entries, nid, depth + 1, pathLength + 1 + entries.nameLength());
      }
    }
    require(self && up, Code.M29, inode.node().offset(), "a directory has `.` and `..`");
  }

  private static void requireDot(Directory6 entries, long expected, String rule) throws RafsRefused {
    require(entries.nid() == expected, Code.M29, entries.entryAt(), rule);
    require(entries.type() == NodeType.DIRECTORY.direntType(), Code.M22, entries.entryAt() + 10, rule);
  }

  private void child(Directory6 entries, long parent, int depth, int pathLength) throws RafsRefused {
    long at = entries.entryAt();
    nameBytes += entries.nameLength();
    require(nameBytes <= limits.nameBytes(), Code.M30, at, "names are bounded");
    require(depth <= limits.depth() && pathLength <= limits.pathBytes(), Code.M30, at, "depth and paths are bounded");
    long nid = entries.nid();
    require(nid > 0 && nid < superblock.nidEnd(in), Code.M31, at, "an inode lies inside the metadata area");
    long mode = superblock.offsetOf(nid) + 4;
    NodeType type = NodeType.ofMode(in.u16(mode), mode);
    require(type.direntType() == entries.type(), Code.M22, at + 10, "entry and inode have one type");
    boolean again = reached.get((int) nid);
    require(!again || type != NodeType.DIRECTORY, Code.M30, at, "a directory has one parent");
    long count = again ? linkCount(nid) : visit(nid);
    if (count > 1 && type != NodeType.SYMLINK && type != NodeType.DIRECTORY) {
      links.add(nid);
    } else {
      require(!again || type == NodeType.SYMLINK, Code.M23, at, "an inode with one link has one name");
    }
    if (type == NodeType.DIRECTORY) {
      push(nid, parent, depth, pathLength);
    }
  }

  /// Checks an inode that is reached for the first time, and answers its link count.
  private long visit(long nid) throws RafsRefused {
    long at = superblock.offsetOf(nid);
    require(++inodes <= limits.inodes(), Code.M30, at, "inodes are bounded");
    reached.set((int) nid);
    Inode6 inode = Inode6.read(in, superblock, nid);
    inode.claim(in, superblock, claims);
    Xattrs6.read(in, inode.attributes(), limits.xattrBytes());
    if (inode.node().type() == NodeType.FILE) {
      files.check(inode);
    } else if (inode.node().type() == NodeType.SYMLINK) {
      byte[] target = inode.content(in);
      for (byte b : target) {
        require(b != 0, Code.M32, at, "a target has no NUL");
      }
    }
    return inode.node().nlink();
  }

  private long linkCount(long nid) throws RafsRefused {
    return Inode6.read(in, superblock, nid).node().nlink();
  }

  private void requireLinkCounts() throws RafsRefused {
    long[] names = links.sorted();
    for (int from = 0; from < names.length; ) {
      int to = from;
      while (to < names.length && names[to] == names[from]) {
        to++;
      }
      long at = superblock.offsetOf(names[from]);
      require(linkCount(names[from]) == to - from, Code.M23, at, "an inode has as many names as it says");
      from = to;
    }
  }
}
