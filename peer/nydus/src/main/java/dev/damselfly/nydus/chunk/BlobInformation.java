package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.RafsRefused;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;

/// The chunk information of one blob (format 3.3 to 3.5): places of chunks that share a frame, and a second
/// description of all others, which must agree with the bootstrap. Immutable.
///
/// Places come from authenticated bytes only; even so each chunk is verified against the bootstrap.
public final class BlobInformation {
  static final int HEADER = 4096;

  private final Blob blob;
  private final InformationEntries entries;
  private final Contexts contexts;

  private BlobInformation(Blob blob, InformationEntries entries, Contexts contexts) {
    this.blob = blob;
    this.entries = entries;
    this.contexts = contexts;
  }

  /// Length of the stored form: the array and its header.
  public static long storedLength(Blob blob) {
    return blob.information().storedSize() + HEADER;
  }

  /// From the separate file of an original layer, whose SHA-256 is in the bootstrap.
  public static BlobInformation ofSeparateFile(Blob blob, byte[] file) throws RafsRefused {
    String digest = HexFormat.of().formatHex(DigestAlgorithm.SHA256.of(file));
    require(digest.equals(blob.information().fileDigest()), Code.M41, 0,
        "the file has the digest that the bootstrap names");
    require(file.length == blob.information().fileSize(), Code.M41, 0,
        "the file has the length that the bootstrap names");
    int from = (int) blob.information().offset();
    return ofAuthenticated(blob, Arrays.copyOfRange(file, from, file.length));
  }

  /// From the stored array and its header, as they are in a blob.
  ///
  /// @param stored [#storedLength] bytes that the caller has authenticated, for example by the SHA-256 of the
  ///   whole blob
  public static BlobInformation ofAuthenticated(Blob blob, byte[] stored) throws RafsRefused {
    require(stored.length == storedLength(blob), Code.M41, 0, "the chunk information has its length");
    Blob.Information place = blob.information();
    int size = (int) place.storedSize();
    byte[] array = Arrays.copyOf(stored, size);
    byte[] plain = size == place.plainSize() ? array : switch (place.compression()) {
      case ZSTD -> Zstds.decode(array, (int) place.plainSize(), place.offset());
      case LZ4_BLOCK -> Lz4s.decode(array, (int) place.plainSize(), place.offset());
      case NONE, GZIP -> throw new RafsRefused(Code.M41, place.offset(), "an uncompressed array has one size");
    };
    return read(blob, plain, Arrays.copyOfRange(stored, size, stored.length));
  }

  /// From the copy in an authenticated bootstrap layer: the uncompressed array, padded to 4096 bytes, and the header.
  public static BlobInformation ofLayerCopy(Blob blob, byte[] copy) throws RafsRefused {
    long plain = blob.information().plainSize();
    long padded = (plain + HEADER - 1) / HEADER * HEADER;
    require(copy.length == padded + HEADER, Code.M41, 0, "the chunk information has its length");
    int header = copy.length - HEADER;
    return read(blob, Arrays.copyOf(copy, (int) plain), Arrays.copyOfRange(copy, header, copy.length));
  }

  private static BlobInformation read(Blob blob, byte[] array, byte[] header) throws RafsRefused {
    InformationHeader.require(blob, header);
    var entries = new InformationEntries(blob, array);
    entries.requireOrder();
    return new BlobInformation(blob, entries, Contexts.read(blob, array, header));
  }

  /// The place of a chunk of this blob.
  ///
  /// @throws RafsRefused with M42 when bootstrap and chunk information describe the chunk differently
  public Place place(Chunk chunk) throws RafsRefused {
    if (chunk.blob().index() != blob.index()) {
      throw new IllegalArgumentException("the chunk is in another blob");
    }
    entries.requireAgrees(chunk);
    int index = chunk.index();
    if (!entries.isShared(index)) {
      return Place.of(chunk);
    }
    long data = entries.data(index);
    Frame frame = contexts.frame(data >>> 32, entries.compressedOffset(index));
    long at = data & 0xffff_ffffL;
    boolean inside = at + chunk.uncompressedSize() <= frame.plainSize();
    require(inside, Code.M43, entries.offset(index) + 16, "a chunk lies inside its frame");
    return new Place(frame, (int) at);
  }

  static void require(boolean holds, Code code, long offset, String rule) throws RafsRefused {
    if (!holds) {
      throw new RafsRefused(code, offset, rule);
    }
  }

  static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
