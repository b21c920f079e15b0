package dev.damselfly.nydus;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/// A checked version 6 image: the bootstrap itself, and how to find chunks.
final class Image6 implements Image {
  private final Bytes in;
  private final Superblock6 superblock;
  private final List<Blob> blobs;
  private final ChunkTable chunks;
  private final long inodes;
  private final long[] prefetch;

  private Image6(Bytes in, Superblock6 superblock, List<Blob> blobs, ChunkTable chunks, Reached reached) {
    this.in = in;
    this.superblock = superblock;
    this.blobs = blobs;
    this.chunks = chunks;
    this.inodes = reached.inodes;
    this.prefetch = reached.prefetch;
  }

  private record Reached(long inodes, long[] prefetch) {}

  static Image6 read(Bytes in, Limits limits) throws RafsRefused {
    Superblock6 superblock = Superblock6.read(in);
    List<Blob> blobs = BlobTable6.read(in, superblock, limits);
    ChunkTable chunks = ChunkTable.version6(in, superblock.tables().chunks(), blobs, superblock.chunkSize());
    BitSet reached = new Walk6(in, superblock, limits, chunks).run();
    var found = new Reached(reached.cardinality(), prefetch(in, superblock.tables().prefetch(), reached));
    return new Image6(in, superblock, blobs, chunks, found);
  }

  private static long[] prefetch(Bytes in, Table table, BitSet reached) throws RafsRefused {
    var nids = new Longs();
    long count = table.size() / 4;
    Bytes.require(count <= reached.cardinality(), Code.M14, 1200, "no more prefetch entries than inodes");
    for (long at = table.offset(); at < table.end() && in.u32(at) != 0; at += 4) {
      long nid = in.u32(at);
      boolean known = nid <= Integer.MAX_VALUE && reached.get((int) nid);
      Bytes.require(known, Code.M14, at, "a prefetch entry is an inode of the tree");
      nids.add(nid);
    }
    long[] all = new long[nids.size()];
    Arrays.setAll(all, nids::get);
    return all;
  }

  @Override
  public int version() {
    return 6;
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
    return inodes;
  }

  @Override
  public Node root() {
    return inode(superblock.rootNid()).node();
  }

  @Override
  public void list(Node directory, Consumer<Entry> each) {
    var entries = new Directory6(in, inode(directory.id()));
    try {
      while (entries.advance()) {
        if (!entries.isSelf() && !entries.isParent()) {
          each.accept(new Entry(Name.of(entries.name()), inode(entries.nid()).node()));
        }
      }
    } catch (RafsRefused e) {
      throw changed(e);
    }
  }

  @Override
  public Optional<Node> child(Node directory, Name name) {
    try {
      return Directory6.find(in, inode(directory.id()), name).map(nid -> inode(nid).node());
    } catch (RafsRefused e) {
      throw changed(e);
    }
  }

  @Override
  public void requireBlobsAmong(Set<String> layers) throws RafsRefused {
    for (Blob blob : blobs) {
      long at = superblock.tables().blobs().offset() + (long) Superblock6.BLOB * blob.index();
      Bytes.require(layers.contains(blob.id()), Code.M16, at, "a blob is a layer of the image");
    }
  }

  @Override
  public byte[] target(Node link) {
    return inode(link.id()).content(in);
  }

  @Override
  public List<Xattr> xattrs(Node node) {
    try {
      return Xattrs6.read(in, inode(node.id()).attributes(), Integer.MAX_VALUE);
    } catch (RafsRefused e) {
      throw changed(e);
    }
  }

  @Override
  public Chunk chunk(Node file, long number) {
    Inode6 inode = inode(file.id());
    if (number < 0 || number >= inode.chunkCount(chunkSize())) {
      throw new IllegalArgumentException("a chunk lies inside the file");
    }
    return ChunkRecord.read(in, Files6.record(in, chunks, inode.addresses() + 8 * number), blobs);
  }

  @Override
  public List<Node> prefetch() {
    return LongStream.of(prefetch).mapToObj(nid -> inode(nid).node()).toList();
  }

  @Override
  public int chunkCount() {
    return chunks.size();
  }

  @Override
  public Chunk chunkAt(int position) {
    return ChunkRecord.read(in, chunks.offset(position), blobs);
  }

  private Inode6 inode(long nid) {
    try {
      return Inode6.read(in, superblock, nid);
    } catch (RafsRefused e) {
      throw changed(e);
    }
  }

  private static IllegalStateException changed(RafsRefused e) {
    return new IllegalStateException("somebody changed the memory of a checked image", e);
  }
}
