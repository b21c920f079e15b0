package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.lang.foreign.MemorySegment;

/// Checks a bootstrap as a whole.
public final class Bootstrap {
  private static final int LEAST = 4096;

  private Bootstrap() {}

  /// Looks for both magic numbers: exactly one must be there, so that no two readers see two file systems in one
  /// file.
  ///
  /// @param memory stays with the image and is never changed by anybody
  /// @throws RafsRefused for everything that the format does not allow
  public static Image read(MemorySegment memory, Limits limits) throws RafsRefused {
    var in = new Bytes(memory);
    require(in.length() >= LEAST, Code.M01, in.length(), "a bootstrap has at least 4096 bytes");
    require(in.length() <= limits.bootstrapBytes(), Code.M01, limits.bootstrapBytes(), "the length is bounded");
    boolean five = in.u32(0) == Superblock5.MAGIC;
    boolean six = in.u32(Superblock6.MAGIC_AT) == Superblock6.MAGIC;
    require(five != six, Code.M02, five ? 0 : Superblock6.MAGIC_AT, "exactly one magic number is there");
    int unit = six ? Superblock6.BLOCK : Long.BYTES;
    require(in.length() % unit == 0, Code.M01, in.length(), "the length is a multiple of the unit");
    return six ? Image6.read(in, limits) : Image5.read(in, limits);
  }
}
