package dev.damselfly.nydus;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/// A checked version 5 image.
final class Image5 implements Image {
  private final Bytes in;
  private final Superblock5 superblock;
  private final List<Blob> blobs;
  private final ChunkTable chunks;
  private final long[] prefetch;

  private Image5(Bytes in, Superblock5 superblock, List<Blob> blobs, ChunkTable chunks, long[] prefetch) {
    this.in = in;
    this.superblock = superblock;
    this.blobs = blobs;
    this.chunks = chunks;
    this.prefetch = prefetch;
  }

  static Image5 read(Bytes in, Limits limits) throws RafsRefused {
    Superblock5 superblock = Superblock5.read(in);
    List<Blob> blobs = BlobTable5.read(in, superblock, limits);
    Longs records = new Tree5(in, superblock, limits, blobs).check();
    ChunkTable chunks = ChunkTable.version5(in, records, blobs);
    return new Image5(in, superblock, blobs, chunks, prefetch(in, superblock));
  }

  private static long[] prefetch(Bytes in, Superblock5 superblock) throws RafsRefused {
    Table table = superblock.tables().prefetch();
    int count = (int) (table.size() / 4);
    Bytes.require(count <= superblock.entries(), Code.M14, 60, "no more prefetch entries than inodes");
    var slots = new long[count];
    for (int i = 0; i < count; i++) {
      long at = table.offset() + 4L * i;
      slots[i] = in.u32(at);
      Bytes.require(slots[i] <= superblock.entries(), Code.M14, at, "a prefetch entry is an inode of the tree");
      if (slots[i] == 0) {
        return Arrays.copyOf(slots, i);
      }
    }
    return slots;
  }

  @Override
  public int version() {
    return 5;
  }

  @Override
  public int chunkSize() {
    return superblock.chunkSize();
  }

  @Override
  public DigestAlgorithm digest() {
    return superblock.flags().digest();
  }

  @Override
  public List<Blob> blobs() {
    return blobs;
  }

  @Override
  public long inodes() {
    return superblock.inodesCount();
  }

  @Override
  public Node root() {
    return inode(superblock.offsetOf(in, 1)).node();
  }

  @Override
  public void list(Node directory, Consumer<Entry> each) {
    Inode5 inode = inode(directory.offset());
    for (long k = 0; k < inode.childCount(); k++) {
      Inode5 child = inode(superblock.offsetOf(in, inode.children().first() + k));
      each.accept(new Entry(Name.of(in.copy(child.name().offset(), (int) child.name().size())), child.node()));
    }
  }

  @Override
  public Optional<Node> child(Node directory, Name name) {
    byte[] wanted = name.bytes();
    Inode5 inode = inode(directory.offset());
    long low = inode.children().first();
    long high = low + inode.childCount() - 1;
    while (low <= high) {
      long middle = (low + high) / 2;
      Inode5 child = inode(superblock.offsetOf(in, middle));
      int order = in.compare(child.name().offset(), wanted, (int) child.name().size());
      if (order == 0) {
        return Optional.of(child.node());
      }
      low = order < 0 ? middle + 1 : low;
      high = order < 0 ? high : middle - 1;
    }
    return Optional.empty();
  }

  @Override
  public void requireBlobsAmong(Set<String> layers) throws RafsRefused {
    for (Blob blob : blobs) {
      long at = BlobTable5.idAt(superblock, blob.index());
      Bytes.require(layers.contains(blob.id()), Code.M16, at, "a blob is a layer of the image");
    }
  }

  @Override
  public byte[] target(Node link) {
    Table target = inode(link.offset()).target();
    return in.copy(target.offset(), (int) target.size());
  }

  @Override
  public List<Xattr> xattrs(Node node) {
    try {
      return Xattrs5.read(in, inode(node.offset()).attributes(), Integer.MAX_VALUE);
    } catch (RafsRefused e) {
      throw changed(e);
    }
  }

  @Override
  public Chunk chunk(Node file, long number) {
    Inode5 inode = inode(file.offset());
    if (file.type() != NodeType.FILE || number < 0 || number >= inode.children().count()) {
      throw new IllegalArgumentException("a chunk lies inside the file");
    }
    return ChunkRecord.read(in, inode.chunkAt(number), blobs);
  }

  @Override
  public List<Node> prefetch() {
    return LongStream.of(prefetch).mapToObj(slot -> inode(superblock.offsetOf(in, slot)).node()).toList();
  }

  @Override
  public int chunkCount() {
    return chunks.size();
  }

  @Override
  public Chunk chunkAt(int position) {
    return ChunkRecord.read(in, chunks.offset(position), blobs);
  }

  private Inode5 inode(long at) {
    try {
      return Inode5.read(in, at);
    } catch (RafsRefused e) {
      throw changed(e);
    }
  }

  private static IllegalStateException changed(RafsRefused e) {
    return new IllegalStateException("somebody changed the memory of a checked image", e);
  }
}
