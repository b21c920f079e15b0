package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.util.Arrays;
import java.util.Optional;

/// Goes through the entries of one directory of version 6 (format 2.7), block by block, and checks each.
///
/// Moves forward only. After a directory was walked once without refusal, walking it again refuses nothing.
final class Directory6 {
  static final int ENTRY = 12;
  private static final int BLOCK = Superblock6.BLOCK;

  private final Bytes in;
  private final Inode6 inode;
  private long done; // content bytes in blocks that are finished
  private long block; // where the current block starts
  private int valid; // bytes of the current block that count
  private int entries;
  private int next;
  private long nameAt;
  private int nameLength;
  private long entryAt;
  private long lastName = -1;
  private int lastLength;

  Directory6(Bytes in, Inode6 inode) {
    this.in = in;
    this.inode = inode;
  }

  /// Looks a name up in a directory that was checked: first for its block, then in it.
  ///
  /// @return its inode number
  static Optional<Long> find(Bytes in, Inode6 inode, Name name) throws RafsRefused {
    byte[] wanted = name.bytes();
    long low = 0;
    long high = (inode.node().size() - 1) / BLOCK;
    while (low < high) { // the last block whose first name is not behind the wanted one
      long middle = (low + high + 1) / 2;
      var block = new Directory6(in, inode);
      block.done = middle * BLOCK;
      block.advance();
      if (block.compareTo(wanted) <= 0) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    var block = new Directory6(in, inode);
    block.done = low * BLOCK;
    while (block.advance()) {
      int order = block.compareTo(wanted);
      if (order >= 0) {
        return order == 0 && !block.isSelf() && !block.isParent() ? Optional.of(block.nid()) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private int compareTo(byte[] name) {
    return Arrays.compareUnsigned(name(), name);
  }

  /// @return false when there is no more entry
  boolean advance() throws RafsRefused {
    if (next == entries) {
      done += valid;
      if (done == inode.node().size()) {
        return false;
      }
      openBlock();
    }
    entryAt = block + (long) ENTRY * next;
    next++;
    readName();
    boolean ascends = lastName < 0 || in.compare(lastName, lastLength, nameAt, nameLength) < 0;
    require(ascends, Code.M28, nameAt, "names ascend");
    lastName = nameAt;
    lastLength = nameLength;
    require(in.u8(entryAt + 11) == 0, Code.M03, entryAt + 11, "reserved bytes of an entry are 0");
    return true;
  }

  private void openBlock() throws RafsRefused {
    long whole = inode.blocksSize();
    boolean tail = done >= whole;
    block = tail ? inode.attributes().end() : inode.blocks() + done;
    valid = (int) Math.min(BLOCK, (tail ? inode.node().size() : whole) - done);
    require(valid >= ENTRY, Code.M26, inode.node().offset() + 8, "a block has an entry");
    int first = in.u16(block + 8);
    boolean placed = first >= ENTRY && first % ENTRY == 0 && first < valid;
    require(placed, Code.M26, block + 8, "the first name follows whole entries");
    entries = first / ENTRY;
    next = 0;
  }

  private void readName() throws RafsRefused {
    int from = in.u16(entryAt + 8);
    boolean last = next == entries;
    int to = last ? valid : in.u16(entryAt + ENTRY + 8);
    require(from < to && to <= valid, Code.M27, (last ? entryAt : entryAt + ENTRY) + 8, "name offsets ascend");
    nameAt = block + from;
    long end = in.firstZero(nameAt, block + to);
    if (last && end < block + to) {
      boolean full = valid == BLOCK && inode.layout() != Inode6.INLINE || done < inode.blocksSize();
      require(full && in.isZero(end, block + to - end), Code.M27, end, "padding is 0 and ends a whole block");
    } else {
      require(end == block + to, Code.M28, nameAt, "a name has no NUL");
    }
    require(end - nameAt >= 1 && end - nameAt <= Name.MAX, Code.M28, nameAt, "a name has 1 to 255 bytes");
    nameLength = (int) (end - nameAt);
    for (long at = nameAt; at < end; at++) {
      require(in.u8(at) != '/', Code.M28, nameAt, "a name has no slash");
    }
  }

  long entryAt() {
    return entryAt;
  }

  long nid() {
    return in.u64(entryAt);
  }

  int type() {
    return in.u8(entryAt + 10);
  }

  int nameLength() {
    return nameLength;
  }

  boolean isSelf() {
    return nameLength == 1 && in.u8(nameAt) == '.';
  }

  boolean isParent() {
    return nameLength == 2 && in.u8(nameAt) == '.' && in.u8(nameAt + 1) == '.';
  }

  byte[] name() {
    return in.copy(nameAt, nameLength);
  }
}
