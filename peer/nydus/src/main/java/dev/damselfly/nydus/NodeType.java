package dev.damselfly.nydus;

/// The seven kinds of inodes.
public enum NodeType {
  FILE(1, 0x8000),
  DIRECTORY(2, 0x4000),
  CHARACTER_DEVICE(3, 0x2000),
  BLOCK_DEVICE(4, 0x6000),
  FIFO(5, 0x1000),
  SOCKET(6, 0xC000),
  SYMLINK(7, 0xA000);

  private static final int MASK = 0xF000;
  private final int direntType;
  private final int modeBits;

  NodeType(int direntType, int modeBits) {
    this.direntType = direntType;
    this.modeBits = modeBits;
  }

  int direntType() {
    return direntType;
  }

  boolean isDevice() {
    return this == CHARACTER_DEVICE || this == BLOCK_DEVICE;
  }

  /// @param at where the mode stands
  static NodeType ofMode(int mode, long at) throws RafsRefused {
    for (NodeType each : values()) {
      if (each.modeBits == (mode & MASK)) {
        return each;
      }
    }
    throw new RafsRefused(Code.M22, at, "a mode has one of the seven types");
  }
}
