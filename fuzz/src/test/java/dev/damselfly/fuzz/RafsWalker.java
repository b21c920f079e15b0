package dev.damselfly.fuzz;

import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import dev.damselfly.nydus.Entry;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.NodeType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Checks an accepted image once more, from its raw bytes and from what it says of itself, sharing nothing with the
/// reader.
final class RafsWalker {
  private static final long MOST_REFERENCES = 20_000; // of one file; the rest is the same code

  private record Opened(Node directory, Node parent, int depth) {}

  private final ByteBuffer raw;
  private final Image image;
  private final Map<Long, Integer> names = new HashMap<>();
  private final Map<Long, Node> nodes = new HashMap<>();
  private final Set<Long> directories = new HashSet<>();
  private final Map<String, byte[]> digests = new HashMap<>();

  RafsWalker(byte[] bootstrap, Image image) {
    this.raw = ByteBuffer.wrap(bootstrap).order(ByteOrder.LITTLE_ENDIAN);
    this.image = image;
  }

  void check() {
    blobs();
    walk();
    links();
    for (Node node : image.prefetch()) {
      require(nodes.containsKey(node.id()), "a prefetched inode is in the tree");
    }
    require(image.inodes() == nodes.size(), "as many inodes as were seen");
  }

  private void blobs() {
    var ids = new HashSet<String>();
    for (Blob blob : image.blobs()) {
      require(blob.id().matches("[0-9a-f]{64}") && ids.add(blob.id()), "blob ids are hexadecimal and differ");
      require(blob.dataEnd() <= blob.compressedSize(), "chunk data end inside the blob");
    }
    require(ids.size() <= 254, "at most 254 blobs");
    var ranges = new HashMap<Integer, List<long[]>>();
    for (int i = 0; i < image.chunkCount(); i++) {
      Chunk chunk = image.chunkAt(i);
      boolean inside = chunk.compressedOffset() >= 0
          && chunk.compressedOffset() + chunk.compressedSize() <= chunk.blob().dataEnd();
      require(inside, "a chunk ends inside the chunk data");
      require(chunk.uncompressedSize() >= 1 && chunk.uncompressedSize() <= image.chunkSize(),
          "chunks have at most the chunk size");
      require(!chunk.hasDigest(new byte[32]), "no digest is zero");
      ranges.computeIfAbsent(chunk.blob().index(), _ -> new ArrayList<>())
          .add(new long[] {chunk.uncompressedOffset(), chunk.uncompressedOffset() + chunk.uncompressedSize()});
      require(digests.put(key(chunk), chunk.digest()) == null, "a chunk is described once");
    }
    for (List<long[]> blob : ranges.values()) {
      blob.sort((a, b) -> Long.compare(a[0], b[0]));
      for (int i = 1; i < blob.size(); i++) {
        require(blob.get(i - 1)[1] <= blob.get(i)[0], "uncompressed ranges do not overlap");
      }
    }
  }

  private static String key(Chunk chunk) {
    return chunk.blob().index() + "/" + chunk.index();
  }

  private void walk() {
    var open = new ArrayDeque<Opened>();
    open.add(new Opened(image.root(), image.root(), 0));
    node(image.root());
    directories.add(identity(image.root()));
    while (!open.isEmpty()) {
      Opened next = open.remove();
      require(next.depth <= 4096, "depth is bounded");
      byte[][] last = {new byte[0]};
      image.list(next.directory, (Entry entry) -> {
        byte[] name = entry.name().bytes();
        require(Arrays.compareUnsigned(last[0], name) < 0, "names ascend");
        last[0] = name;
        requireName(name);
        node(entry.node());
        if (entry.node().type() == NodeType.DIRECTORY) {
          require(directories.add(identity(entry.node())), "a directory has one parent");
          open.add(new Opened(entry.node(), next.directory, next.depth + 1));
        }
      });
    }
  }

  private static long identity(Node node) {
    return node.offset();
  }

  private static void requireName(byte[] name) {
    require(name.length >= 1 && name.length <= 255, "names have 1 to 255 bytes");
    for (byte b : name) {
      require(b != 0 && b != '/', "names have no NUL and no slash");
    }
    boolean dots = name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.');
    require(!dots, "no name is a dot entry");
  }

  private void node(Node node) {
    names.merge(node.id(), 1, Integer::sum);
    nodes.put(node.id(), node);
    record(node);
    if (node.type() == NodeType.SYMLINK) {
      byte[] target = image.target(node);
      require(target.length >= 1 && target.length <= 4096 && target.length == node.size(),
          "a target has the size of its link");
    }
    if (node.type() == NodeType.FILE) {
      file(node);
    }
    image.xattrs(node).forEach(xattr -> require(new String(xattr.name(), StandardCharsets.ISO_8859_1)
        .matches("(?s)(user|trusted|lustre|security)\\..+|system\\.posix_acl_(access|default)"),
            "the prefix is known"));
  }

  /// The raw record at the offset says the same as the node.
  private void record(Node node) {
    int at = (int) node.offset();
    if (image.version() == 5) {
      require(raw.getLong(at + 40) == node.id() && raw.getLong(at + 64) == node.size(),
          "the record is that of the node");
      require(raw.getInt(at + 60) == node.mode(), "the record has the mode of the node");
      return;
    }
    require(at == raw.getInt(1064) * 4096L + node.id() * 32, "an inode stands where its number says");
    boolean extended = (raw.get(at) & 1) != 0;
    long size = extended ? raw.getLong(at + 8) : raw.getInt(at + 8) & 0xffff_ffffL;
    require(size == node.size() && (raw.getShort(at + 4) & 0xffff) == node.mode(), "the record is that of the node");
  }

  private void file(Node node) {
    long most = Math.min(node.size(), MOST_REFERENCES * image.chunkSize());
    long at = 0;
    while (at < most) {
      for (ChunkNeed need : image.needs(node, at, image.chunkSize())) {
        Chunk chunk = need.chunk();
        long expected = Math.min(image.chunkSize(), node.size() - at);
        require(need.from() == 0 && need.length() == expected && chunk.uncompressedSize() == expected,
            "chunks fill a file");
        byte[] digest = digests.get(key(chunk));
        require(digest != null && Arrays.equals(digest, chunk.digest()), "a chunk of a file is one of the image");
        at += need.length();
      }
    }
    require(at >= most, "a file is covered");
  }

  private void links() {
    names.forEach((id, count) -> {
      Node node = nodes.get(id);
      if (node != null && node.type() != NodeType.DIRECTORY
          && (node.type() != NodeType.SYMLINK || image.version() == 5)) {
        require(node.nlink() == count, "an inode has as many names as it says");
      }
    });
  }

  private static void require(boolean holds, String invariant) {
    if (!holds) {
      throw new AssertionError("broken: " + invariant);
    }
  }
}
