package dev.damselfly.fuzz;

import com.github.luben.zstd.ZstdInputStream;
import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.Compression;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.RafsRefused;
import dev.damselfly.nydus.chunk.BlobInformation;
import dev.damselfly.nydus.chunk.Frame;
import dev.damselfly.nydus.chunk.OpenFrame;
import dev.damselfly.nydus.chunk.Place;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Chunk decoders and chunk information: exactly the expected size or a refusal, and verified bytes are the right
/// ones.
///
/// An input is: kind (0 zstd, 1 lz4, 2 information of a batch blob, 3 of an original layer, 4 a frame of it), plain
/// size (3 bytes), then the stored bytes.
final class ChunkFuzz implements Target {
  private static final int MOST = 1 << 20;
  private static final Sample BATCH = Sample.of("v6-batch");
  private static final Sample LAYER = Sample.of("v6-zran");

  /// A real image with its first blob and the stored chunk information of it.
  private record Sample(Image image, byte[] blob, byte[] information) {
    static Sample of(String name) {
      try {
        Golden golden = Golden.image(name);
        Image image = golden.read();
        Blob first = image.blobs().getFirst();
        byte[] file = golden.file(first.features().isSeparate() ? first.information().fileDigest() : first.id());
        int from = (int) first.information().offset();
        return new Sample(image,
            golden.file(first.id()),
            Arrays.copyOfRange(file, from, from + (int) BlobInformation.storedLength(first)));
      } catch (RafsRefused e) {
        throw new IllegalStateException(e);
      }
    }
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new ChunkFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    if (input.length < 5) {
      Accepted.no();
      return;
    }
    int size = 1 + (input[1] & 0xff | (input[2] & 0xff) << 8 | (input[3] & 0xff) << 16) % MOST;
    byte[] stored = Arrays.copyOfRange(input, 4, input.length);
    try {
      switch (input[0] % 5) {
        case 0 -> zstd(stored, size);
        case 1 -> lz4(stored, size);
        case 2 -> information(BATCH, stored);
        case 3 -> information(LAYER, stored);
        default -> frame(stored);
      }
      Accepted.yes();
    } catch (RafsRefused refused) {
      Accepted.no();
    }
  }

  private static OpenFrame open(Compression compression, byte[] stored, int size) throws RafsRefused {
    return new Frame(0, 0, stored.length, size, new Frame.Coding.Whole(compression)).open(stored);
  }

  private static void zstd(byte[] stored, int size) throws RafsRefused {
    open(Compression.ZSTD, stored, size);
    try (var in = new ZstdInputStream(new ByteArrayInputStream(stored))) {
      require(in.readAllBytes().length == size, "a streaming decoder sees another size");
    } catch (IOException e) {
      throw new AssertionError("a streaming decoder refuses what was accepted", e);
    }
  }

  private static void lz4(byte[] stored, int size) throws RafsRefused {
    open(Compression.LZ4_BLOCK, stored, size);
    require(Lz4Length.of(stored) == size, "a second reader of the block sees another size");
  }

  private static void information(Sample sample, byte[] stored) throws RafsRefused {
    Blob blob = sample.image.blobs().getFirst();
    byte[] exact = Arrays.copyOf(stored, (int) BlobInformation.storedLength(blob));
    BlobInformation information = BlobInformation.ofAuthenticated(blob, exact);
    for (int i = 0; i < sample.image.chunkCount(); i++) {
      Chunk chunk = sample.image.chunkAt(i);
      Place place = information.place(chunk);
      long end = place.frame().offset() + place.frame().size();
      require(place.frame().offset() >= 0 && end <= blob.compressedSize(), "a frame lies outside the blob");
      require(place.at() + chunk.uncompressedSize() <= place.frame().plainSize(), "a chunk lies outside its frame");
    }
  }

  /// Any frame of the layer, decoded from other bytes: a chunk is verified only when they are the right ones.
  private static void frame(byte[] stored) throws RafsRefused {
    Chunk chunk = LAYER.image.chunkAt(0);
    Frame right = layer().place(chunk).frame();
    byte[] exact = Arrays.copyOf(stored, right.size());
    var verified = right.open(exact).verify(chunk, layer().place(chunk).at());
    byte[] known = Arrays.copyOfRange(LAYER.blob, (int) right.offset(), (int) right.offset() + right.size());
    require(verified.bytes().equals(right.open(known).verify(chunk, layer().place(chunk).at()).bytes()),
        "other bytes were verified");
  }

  private static BlobInformation layer() throws RafsRefused {
    return BlobInformation.ofAuthenticated(LAYER.image.blobs().getFirst(), LAYER.information);
  }

  private static void require(boolean holds, String finding) {
    if (!holds) {
      throw new AssertionError(finding);
    }
  }

  @Override
  public String name() {
    return "chunk";
  }

  @Override
  public String oracle() {
    return "exactly the expected size, as other decoders see it, or refused; verified bytes are right";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(Frame.class, OpenFrame.class, BlobInformation.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    try {
      for (String name : List.of("v6-merged", "v6-lz4-blake3-4k", "v6-merged-mixed", "v5-zstd-blake3-16k")) {
        Golden golden = Golden.image(name);
        Image image = golden.read();
        for (int i = 0; i < image.chunkCount() && seeds.size() < 60; i += 3) {
          Chunk chunk = image.chunkAt(i);
          int from = (int) chunk.compressedOffset();
          byte[] stored = Arrays.copyOfRange(golden.file(chunk.blob().id()), from, from + chunk.compressedSize());
          seeds.add(seed(chunk.blob().compression() == Compression.LZ4_BLOCK ? 1 : 0, chunk.uncompressedSize(),
              stored));
        }
      }
    } catch (RafsRefused e) {
      throw new IllegalStateException(e);
    }
    seeds.add(seed(2, 1, BATCH.information));
    seeds.add(seed(3, 1, LAYER.information));
    return seeds;
  }

  private static byte[] seed(int kind, int size, byte[] stored) {
    int less = size - 1;
    return ByteBuffer.allocate(4 + stored.length).put((byte) kind).put((byte) less).put((byte) (less >> 8))
        .put((byte) (less >> 16)).put(stored).array();
  }
}
