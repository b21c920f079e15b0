package dev.damselfly.nydus;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// A checked image. Immutable as long as its memory is; safe for use by several threads.
///
/// Nodes are those that this image gave; a node of another image gives nonsense or an exception, never bytes outside.
public sealed interface Image permits Image5, Image6 {
  /// 5 or 6.
  int version();

  int chunkSize();

  DigestAlgorithm digest();

  List<Blob> blobs();

  /// How many inodes there are; hard links count once.
  long inodes();

  Node root();

  /// Gives the entries of a directory, in order of their names.
  void list(Node directory, Consumer<Entry> each);

  /// Target of a symbolic link: 1 to 4096 bytes without NUL. Not to be followed unchecked.
  byte[] target(Node link);

  List<Xattr> xattrs(Node node);

  /// The chunk with the bytes from `number * chunkSize()` of a regular file.
  Chunk chunk(Node file, long number);

  /// What the image recommends to read first. Advice only.
  List<Node> prefetch();

  /// Number of the distinct chunks that the image uses.
  int chunkCount();

  /// One of the distinct chunks.
  ///
  /// @param position in `[0, chunkCount())`; the order is that of blobs and of chunks in them
  Chunk chunkAt(int position);

  /// The entry of that name, by a binary search.
  Optional<Node> child(Node directory, Name name);

  /// Refuses an image that names a blob which is not one of its layers: blob ids come from nowhere else (M16).
  ///
  /// @param layers SHA-256 of the layers in the manifest, hexadecimal
  void requireBlobsAmong(Set<String> layers) throws RafsRefused;

  /// Follows names from the root; never follows symbolic links.
  default Optional<Node> find(List<Name> path) {
    Node at = root();
    for (Name name : path) {
      Optional<Node> next = at.type() == NodeType.DIRECTORY ? child(at, name) : Optional.empty();
      if (next.isEmpty()) {
        return Optional.empty();
      }
      at = next.get();
    }
    return Optional.of(at);
  }

  /// What must be fetched to read the part of a regular file, cut at its end.
  default List<ChunkNeed> needs(Node file, long from, long length) {
    return ChunkNeed.of(this, file, from, length);
  }
}
