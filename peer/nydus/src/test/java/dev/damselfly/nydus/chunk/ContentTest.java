package dev.damselfly.nydus.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.Compression;
import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.Entry;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Hostile;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.NodeType;
import dev.damselfly.nydus.RafsRefused;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Content of real images is what `nydusd` served, and damaged blobs give nothing.
@Threat({"S-NYD-2", "S-NYD-4"})
class ContentTest {
  private static final Set<String> REFUSED =
      Set.of("v6-encrypted", "v6-tarfs", "v6-optimized", "v6-chunkdict-generated", "v6-inline-meta", "v6-inline-toc");

  static Stream<String> accepted() {
    return Golden.names().stream().filter(name -> !REFUSED.contains(name));
  }

  static Stream<Hostile> damaged() {
    return Hostile.all().stream().filter(hostile -> !hostile.expect().equals("reject"));
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void files_haveTheContentThatRealReadersSaw(String name) throws RafsRefused, IOException {
    Golden golden = Golden.image(name);
    var reader = new LocalReader(golden.read(), golden);

    var seen = new TreeMap<String, String>();
    for (var file : files(golden.read()).entrySet()) {
      seen.put(file.getKey(), HexFormat.of().formatHex(DigestAlgorithm.SHA256.of(reader.read(file.getValue()))));
    }

    JsonNode expected = new ObjectMapper().readTree(golden.file("expected.json")).get("content");
    var wanted = new TreeMap<String, String>();
    expected.properties().forEach(file -> wanted.put(printable(file.getKey()), file.getValue().asText()));
    assertThat(seen).isEqualTo(wanted);
  }

  /// The names of the golden files and ours are escaped differently: compare what both show.
  private static String printable(String path) {
    return path.replaceAll("[^ -~]+", "?");
  }

  private static Map<String, Node> files(Image image) {
    var files = new TreeMap<String, Node>();
    var open = new ArrayDeque<Map.Entry<String, Node>>();
    open.add(Map.entry("", image.root()));
    while (!open.isEmpty()) {
      var directory = open.remove();
      image.list(directory.getValue(), (Entry entry) -> {
        String path = directory.getKey() + "/" + new String(entry.name().bytes(), StandardCharsets.UTF_8);
        if (entry.node().type() == NodeType.DIRECTORY) {
          open.add(Map.entry(path, entry.node()));
        } else if (entry.node().type() == NodeType.FILE) {
          files.put(printable(path), entry.node());
        }
      });
    }
    return files;
  }

  @ParameterizedTest
  @MethodSource("damaged")
  void damagedBlob_neverGivesOtherContent(Hostile hostile) throws RafsRefused {
    Golden golden = hostile.image();
    Image image = golden.read();
    Image original = Golden.image(hostile.base()).read();
    var reader = new LocalReader(image, golden);
    var sane = new LocalReader(original, Golden.image(hostile.base()));
    int refused = 0;
    int served = 0;
    for (int i = 0; i < image.chunkCount(); i++) {
      try {
        VerifiedChunk chunk = reader.chunk(image.chunkAt(i));
        assertThat(chunk.bytes()).isEqualTo(sane.chunk(original.chunkAt(i)).bytes());
        served++;
      } catch (RafsRefused e) {
        assertThat(e.code()).isIn(Code.M40, Code.M41, Code.M42, Code.M43, Code.M44, Code.M48);
        refused++;
      } catch (NoSuchElementException e) {
        refused++; // no file
      }
    }

    if (hostile.expect().equals("chunk")) {
      assertThat(refused).isPositive();
    } else {
      assertThat(refused).isZero();
    }
    assertThat(served + refused).isEqualTo(image.chunkCount());
  }

  @ParameterizedTest
  @ValueSource(strings = {"v6-merged", "v6-batch", "v6-zran", "v6-merged-mixed", "v5-lz4-blake3-1m"})
  void flippedBit_anywhereInAChunk_neverReachesAReader(String name) throws RafsRefused {
    Golden golden = Golden.image(name);
    Image image = golden.read();
    var reader = new LocalReader(image, golden);
    for (int i = 0; i < image.chunkCount(); i += 1 + image.chunkCount() / 12) {
      Chunk chunk = image.chunkAt(i);
      byte[] right = bytes(reader.chunk(chunk));
      Place place = chunk.needsInformation() ? reader.information(chunk.blob()).place(chunk) : Place.of(chunk);
      byte[] stored = stored(golden, chunk.blob(), place.frame());
      int step = Math.max(1, stored.length * 8 / 200) | 1;
      for (int bit = 0; bit < stored.length * 8; bit += step) {
        stored[bit / 8] ^= (byte) (1 << bit % 8);
        try {
          assertThat(bytes(place.frame().open(stored).verify(chunk, place.at()))).isEqualTo(right);
        } catch (RafsRefused refused) {
          assertThat(refused.code()).isIn(Code.M43, Code.M44);
        }
        stored[bit / 8] ^= (byte) (1 << bit % 8);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void chunkInformation_ofRealBlobs_agreesWithTheChunkTable(String name) throws RafsRefused {
    Golden golden = Golden.image(name);
    Image image = golden.read();
    for (int i = 0; i < image.chunkCount(); i++) {
      Chunk chunk = image.chunkAt(i);
      Blob blob = chunk.blob();
      if (blob.information().isPresent() && !blob.features().isSeparate()) {
        Frame stored = new Frame(0, blob.information().offset(), (int) BlobInformation.storedLength(blob), 1,
            new Frame.Coding.Whole(Compression.NONE));
        var information = BlobInformation.ofAuthenticated(blob, stored(golden, blob, stored));

        assertThat(information.place(chunk).frame().size()).isPositive();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"zran-bits-9", "zran-dict-outside", "zran-in-len-max"})
  void hostileWindow_isRefused_evenWhenAuthenticated(String name) throws RafsRefused {
    Golden golden = Hostile.named(name).image();
    Blob blob = golden.read().blobs().getFirst();
    byte[] file = golden.file(blob.information().fileDigest());
    int from = (int) blob.information().offset();
    byte[] part = Arrays.copyOfRange(file, from, file.length);

    assertThat(catchThrowableOfType(RafsRefused.class, () -> BlobInformation.ofSeparateFile(blob, file)).code())
        .isEqualTo(Code.M41);
    assertThat(catchThrowableOfType(RafsRefused.class, () -> BlobInformation.ofAuthenticated(blob, part)).code())
        .isEqualTo(Code.M43);
  }

  static Stream<Hostile> information() {
    return Hostile.all().stream().filter(h -> h.name().startsWith("meta-")
        || h.name().startsWith("batch-") && !h.code().equals("M44"));
  }

  @ParameterizedTest
  @MethodSource("information")
  void hostileChunkInformation_isRefused_evenWhenAuthenticated(Hostile hostile) throws RafsRefused {
    Golden golden = hostile.image();
    Image image = golden.read();
    Blob blob = image.blobs().getFirst();
    int from = (int) blob.information().offset();
    byte[] part = Arrays.copyOfRange(golden.file(blob.id()), from, from + (int) BlobInformation.storedLength(blob));

    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> {
      var information = BlobInformation.ofAuthenticated(blob, part);
      for (int i = 0; i < image.chunkCount(); i++) {
        information.place(image.chunkAt(i));
      }
    });

    assertThat(refused).isNotNull();
    assertThat(refused.code()).isIn(Code.valueOf(hostile.code()), Code.M44);
  }

  private static byte[] stored(Golden golden, Blob blob, Frame frame) {
    return Arrays.copyOfRange(
        golden.file(blob.id()), (int) frame.offset(), (int) frame.offset() + frame.size());
  }

  private static byte[] bytes(VerifiedChunk chunk) {
    var bytes = new byte[chunk.bytes().remaining()];
    chunk.bytes().get(bytes);
    return bytes;
  }
}
