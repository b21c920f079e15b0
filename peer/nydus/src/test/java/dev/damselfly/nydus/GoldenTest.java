package dev.damselfly.nydus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Real images: what is supported is read as `nydusd` and the Linux EROFS driver read it, the rest is refused with
/// its code.
class GoldenTest {
  /// Images of refused features: code and byte offset.
  static final Map<String, String> REFUSED =
      Map.of(
          "v6-encrypted", "UNSUPPORTED at 1152",
          "v6-tarfs", "M05 at 1036",
          "v6-optimized", "M19 at 4480",
          "v6-chunkdict-generated", "M20 at 4184",
          "v6-inline-meta", "M15 at 4096",
          "v6-inline-toc", "M15 at 4096");

  static Stream<String> accepted() {
    return Golden.names().stream().filter(name -> !REFUSED.containsKey(name));
  }

  static Stream<String> refused() {
    return REFUSED.keySet().stream().sorted();
  }

  @Test
  void images_areAllThere() {
    assertThat(Golden.names()).hasSize(35).containsAll(REFUSED.keySet());
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void image_hasTheTreeThatRealReadersSaw(String name) throws RafsRefused {
    Image image = Golden.image(name).read();

    var seen = new TreeMap<String, String>();
    Paths.of(image).forEach((path, node) -> seen.put(path, describe(image, node)));

    var expected = new TreeMap<String, String>();
    Golden.image(name).expected().get("inodes").forEach(i -> expected.put(i.get("path").asText(), describe(i)));
    assertThat(seen).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void image_hasTheTablesThatTheBuilderWrote(String name) throws RafsRefused {
    Image image = Golden.image(name).read();
    JsonNode expected = Golden.image(name).expected();

    assertThat(image.version()).isEqualTo(name.startsWith("v5") ? 5 : 6);
    assertThat(image.chunkSize()).isEqualTo(expected.at("/superblock/chunk_size").asInt());
    assertThat(lower(image.digest())).isEqualTo(expected.at("/superblock/digester").asText());
    assertThat(image.blobs().stream().map(GoldenTest::describe).toList()).isEqualTo(blobs(expected));
    assertThat(chunks(image)).containsExactlyInAnyOrderElementsOf(chunks(expected));
    assertThat(prefetch(image)).isEqualTo(prefetch(expected));
    if (image.version() == 6) {
      assertThat(image.inodes()).isEqualTo(expected.at("/superblock/inodes_reached").asLong());
    }
  }

  @ParameterizedTest
  @MethodSource("refused")
  void imageOfARefusedFeature_isRefusedWithItsCode(String name) {
    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> Golden.image(name).read());

    assertThat(refused).isNotNull();
    assertThat(refused.code() + " at " + refused.offset()).isEqualTo(REFUSED.get(name));
  }

  @Test
  void find_followsNamesAndNoLinks() throws RafsRefused {
    Image image = Golden.image("v6-merged").read();

    Node file = image.find(List.of(Name.of("data"), Name.of("aba"))).orElseThrow();

    assertThat(file.size()).isEqualTo(49152);
    assertThat(image.needs(file, 16380, 8).toString()).contains("from=16380, length=4", "from=0, length=4");
    assertThat(image.needs(file, 49152, 10)).isEmpty();
    assertThat(image.needs(file, 0, Long.MAX_VALUE)).hasSize(3);
    assertThat(image.find(List.of(Name.of("data"), Name.of("none")))).isEmpty();
    assertThat(image.find(List.of(Name.of("data"), Name.of("aba"), Name.of("x")))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v6-full-zstd-1m", "v6-merged", "v5-full-zstd-1m", "v5-merged", "v6-empty"})
  void child_findsEveryName_andNoOther(String name) throws RafsRefused {
    Image image = Golden.image(name).read();
    for (Node directory : Paths.of(image).values()) {
      if (directory.type() == NodeType.DIRECTORY) {
        image.list(directory, entry -> {
          assertThat(image.child(directory, entry.name())).hasValue(entry.node());
          assertThat(image.child(directory, other(entry.name(), 0))).isEmpty();
          assertThat(image.child(directory, other(entry.name(), entry.name().length() - 1))).isEmpty();
        });
        assertThat(image.child(directory, Name.of(" "))).isEmpty();
        assertThat(image.child(directory, Name.of("\uffff"))).isEmpty();
      }
    }
  }

  /// A name that no golden image has.
  private static Name other(Name name, int at) {
    byte[] bytes = name.bytes();
    bytes[at] = (byte) (bytes[at] == 1 ? 2 : 1);
    return Name.of(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v6-merged", "v5-merged"})
  void blobThatIsNoLayer_isRefused(String name) throws RafsRefused {
    Image image = Golden.image(name).read();
    Set<String> layers = image.blobs().stream().map(Blob::id).collect(Collectors.toSet());
    image.requireBlobsAmong(layers);
    String last = image.blobs().getLast().id();
    layers.remove(last);

    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> image.requireBlobsAmong(layers));

    assertThat(refused.code()).isEqualTo(Code.M16);
    byte[] there = Arrays.copyOfRange(Golden.image(name).bootstrap(), (int) refused.offset(), (int) refused.offset() + 64);
    assertThat(new String(there, StandardCharsets.US_ASCII)).isEqualTo(last);
  }

  private static String describe(Image image, Node node) {
    var text = new StringBuilder();
    text.append("%d mode %o owner %d %d size %d links %d mtime %d.%d at %d".formatted(
        node.id(), node.mode(), node.uid(), node.gid(), node.size(), node.nlink(), node.mtimeSeconds(),
            node.mtimeNanos(),
        node.offset()));
    var xattrs = new TreeMap<String, String>();
    for (Xattr xattr : image.xattrs(node)) {
      xattrs.put(new String(xattr.name(), StandardCharsets.ISO_8859_1), HexFormat.of().formatHex(xattr.value()));
    }
    text.append(" xattrs ").append(xattrs);
    switch (node.type()) {
      case SYMLINK -> text.append(" to ").append(Paths.text(image.target(node)));
      case BLOCK_DEVICE, CHARACTER_DEVICE -> text.append(" rdev ").append(node.rdev());
      case FILE -> {
        for (ChunkNeed need : image.needs(node, 0, node.size())) {
          text.append(' ').append(need.chunk().blob().index()).append('/').append(need.chunk().index());
        }
      }
      default -> {}
    }
    return text.toString();
  }

  private static String describe(JsonNode i) {
    var text = new StringBuilder();
    text.append("%d mode %o owner %d %d size %d links %d mtime %d.%d at %d".formatted(
        i.get("ino").asLong(), i.get("mode").asInt(), i.get("uid").asLong(), i.get("gid").asLong(), i.get("size")
            .asLong(),
        i.get("nlink").asLong(), i.get("mtime").bigIntegerValue().longValue(), i.get("mtime_ns").asInt(),
            i.get("offset").asLong()));
    var xattrs = new TreeMap<String, String>();
    i.get("xattrs").properties().forEach(x -> xattrs.put(x.getKey(), x.getValue().asText()));
    text.append(" xattrs ").append(xattrs);
    if (i.has("symlink")) {
      text.append(" to ").append(i.get("symlink").asText());
    }
    if (i.has("rdev")) {
      text.append(" rdev ").append(i.get("rdev").asLong());
    }
    if (i.has("chunks")) {
      i.get("chunks").forEach(c -> text.append(' ').append(c.get(0).asInt()).append('/').append(c.get(1).asInt()));
    }
    return text.toString();
  }

  private static String describe(Blob blob) {
    Blob.Information ci = blob.information();
    return "%d %s %s %s %x %d %d %d toc %d %s ci %s %d %d %d file %s %d".formatted(
        blob.index(), blob.id(), lower(blob.compression()), lower(blob.digest()), blob.features().bits(),
            blob.chunkCount(),
        blob.compressedSize(), blob.uncompressedSize(), ci.tocSize(), ci.tocDigest(), lower(ci.compression()),
            ci.offset(),
        ci.storedSize(), ci.plainSize(), ci.fileDigest(), ci.fileSize());
  }

  private static List<String> blobs(JsonNode expected) {
    var blobs = new ArrayList<String>();
    for (JsonNode b : expected.get("blobs")) {
      blobs.add("%d %s %s %s %x %d %d %d toc %d %s ci %s %d %d %d file %s %d".formatted(
          b.get("index").asInt(), b.get("id").asText(), b.get("compressor").asText(), b.get("digester").asText(),
          b.get("features").asLong(), b.get("chunk_count").asInt(), b.get("csize").asLong(), b.get("usize").asLong(),
          b.path("toc_size").asInt(0), b.path("toc_digest").asText("0".repeat(64)), b.path("ci_compressor")
              .asText("none"),
          b.path("ci_offset").asLong(0), b.path("ci_csize").asLong(0), b.path("ci_usize").asLong(0),
          b.path("meta_digest").asText("0".repeat(64)), b.path("meta_size").asLong(0)));
    }
    return blobs;
  }

  private static List<String> chunks(Image image) {
    var chunks = new ArrayList<String>();
    for (int i = 0; i < image.chunkCount(); i++) {
      Chunk c = image.chunkAt(i);
      chunks.add("%d %d %s %d %d %d %d %b %d".formatted(
          c.blob().index(), c.index(), HexFormat.of().formatHex(c.digest()), c.compressedSize(), c.uncompressedSize(),
          c.compressedOffset(), c.uncompressedOffset(), c.isCompressed(), c.checksum()));
    }
    return chunks;
  }

  private static List<String> chunks(JsonNode expected) {
    var chunks = new ArrayList<String>();
    for (JsonNode c : expected.get("chunks")) {
      int flags = c.get("flags").asInt();
      chunks.add("%d %d %s %d %d %d %d %b %d".formatted(
          c.get("blob").asInt(), c.get("index").asInt(), c.get("digest").asText(), c.get("csize").asInt(),
          c.get("usize").asInt(), c.get("coff").asLong(), c.get("uoff").asLong(), (flags & 1) != 0,
          (flags & 16) != 0 ? c.get("crc32c").asLong() : -1));
    }
    return chunks;
  }

  private static List<Long> prefetch(Image image) {
    return image.prefetch().stream().map(Node::id).toList();
  }

  private static List<Long> prefetch(JsonNode expected) {
    var ids = new ArrayList<Long>();
    for (JsonNode id : expected.get("prefetch")) {
      if (id.asLong() == 0) {
        return ids;
      }
      ids.add(id.asLong());
    }
    return ids;
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
