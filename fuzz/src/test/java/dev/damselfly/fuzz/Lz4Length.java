package dev.damselfly.fuzz;

/// Follows the sequences of a raw LZ4 block and counts what they would write.
final class Lz4Length {
  private Lz4Length() {}

  /// @return -1 for a block that is not whole
  static long of(byte[] block) {
    long written = 0;
    int at = 0;
    while (at < block.length) {
      int token = block[at++] & 0xff;
      long literals = token >> 4;
      while (literals >= 15 && at < block.length) {
        int more = block[at++] & 0xff;
        literals += more;
        if (more < 255) {
          break;
        }
      }
      written += literals;
      if (literals > block.length - at) {
        return -1;
      }
      at += (int) literals;
      if (at == block.length) {
        return written;
      }
      at += 2;
      long match = token & 15;
      while (match >= 15 && at < block.length) {
        int more = block[at++] & 0xff;
        match += more;
        if (more < 255) {
          break;
        }
      }
      written += match + 4;
    }
    return -1;
  }
}
