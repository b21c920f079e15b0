package dev.damselfly.nydus;

/// Why an image, a blob or a chunk is refused. A stable contract: codes are never reused.
public enum Code {
  M01("length of the bootstrap"),
  M02("magic numbers: exactly one format"),
  M03("reserved fields and fixed values"),
  M04("feature words of the superblock"),
  M05("block size"),
  M06("root and number of inodes"),
  M07("place of the metadata area"),
  M08("device slots"),
  M09("blob table"),
  M10("tables disjoint and inside"),
  M11("algorithms and flags"),
  M12("chunk size"),
  M13("chunk table"),
  M14("prefetch table"),
  M15("blob id"),
  M16("blob id not of this image"),
  M17("blob numbering"),
  M18("blob features"),
  M19("number of chunks and size of the chunk information"),
  M20("blob sizes"),
  M21("inode layout"),
  M22("inode type"),
  M23("inode record"),
  M24("file size and number of chunks"),
  M25("directory size and place"),
  M26("first name offset"),
  M27("name offsets"),
  M28("names"),
  M29("dot entries"),
  M30("shape and caps of the tree"),
  M31("inode number"),
  M32("symbolic link"),
  M33("extended attributes"),
  M34("chunk format of a file"),
  M35("chunk address"),
  M36("chunk address and chunk table differ"),
  M37("chunk sizes and flags"),
  M38("chunk ranges"),
  M39("chunk digest and identity"),
  M40("chunk checksum"),
  M41("chunk information header"),
  M42("chunk information entries"),
  M43("batch and window contexts"),
  M44("chunk content"),
  M45("table of contents of a blob"),
  M46("sections of a blob"),
  M47("bootstrap layer archive"),
  M48("blob length"),
  M49("version 5 inodes"),
  M50("version 5 blob tables and digests"),
  UNSUPPORTED("a feature that is not read"),
  UNSUPPORTED_VERSION("a format version that is not read");

  private final String what;

  Code(String what) {
    this.what = what;
  }

  public String what() {
    return what;
  }

  /// `NYD-M23`, `NYD-UNSUPPORTED-VERSION`.
  public String text() {
    return "NYD-" + name().replace('_', '-');
  }
}
