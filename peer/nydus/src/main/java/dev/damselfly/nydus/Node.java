package dev.damselfly.nydus;

/// One inode of a checked image. Names that are hard links of each other have nodes with the same `id`.
///
/// @param id identity inside the image: nid in version 6, inode number in version 5
/// @param offset byte position of the record in the bootstrap
/// @param mode type and permissions
/// @param mtimeSeconds since 1970, may be negative; 0 where the record has none
/// @param rdev device number of a device node, else 0
public record Node(
    long id,
    long offset,
    NodeType type,
    int mode,
    long uid,
    long gid,
    long size,
    long nlink,
    long mtimeSeconds,
    int mtimeNanos,
    long rdev) {
  /// The lower 12 bits of the mode: permissions, setuid, setgid, sticky.
  public int permissions() {
    return mode & 0xFFF;
  }
}
