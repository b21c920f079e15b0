package dev.damselfly.nydus.chunk;

import static dev.damselfly.nydus.chunk.BlobInformation.require;

import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Frames that several chunks share: batches and windows (format 3.5). All are checked at the start.
final class Contexts {
  private static final int SIZE = 40;

  private final Blob blob;
  private final byte[] array;
  private final ByteBuffer in;
  private final int from;
  private final int count;

  private Contexts(Blob blob, byte[] array, int from, int count) {
    this.blob = blob;
    this.array = array;
    this.in = BlobInformation.littleEndian(array);
    this.from = from;
    this.count = count;
  }

  static Contexts read(Blob blob, byte[] array, byte[] header) throws RafsRefused {
    long offset = InformationHeader.contextOffset(header);
    long size = InformationHeader.contextSize(header);
    long count = InformationHeader.contextCount(header);
    if (!blob.features().isBatch() && !blob.features().isZran()) {
      require(offset == 0 && size == 0 && count == 0, Code.M43, 40, "only batches and windows have contexts");
      return new Contexts(blob, array, 0, 0);
    }
    require(offset == 24L * blob.chunkCount(), Code.M43, 40, "contexts follow the entries");
    require(size == array.length - offset, Code.M43, 48, "contexts end the chunk information");
    boolean fits =
        count <= blob.chunkCount() && (blob.features().isBatch() ? size == SIZE * count : size >= SIZE * count);
    require(fits, Code.M43, 56, "the number of contexts fits their size");
    var contexts = new Contexts(blob, array, (int) offset, (int) count);
    for (int i = 0; i < count; i++) {
      if (blob.features().isBatch()) {
        contexts.requireBatch(i);
      } else {
        contexts.requireWindow(i);
      }
    }
    return contexts;
  }

  private int at(int index) {
    return from + SIZE * index;
  }

  private long u32(int at) {
    return in.getInt(at) & 0xffff_ffffL;
  }

  private void requireBatch(int index) throws RafsRefused {
    int at = at(index);
    requireSizes(at, at + 4);
    for (int i = at + 8; i < at + SIZE; i++) {
      require(array[i] == 0, Code.M43, i, "reserved bytes of a batch are 0");
    }
  }

  private void requireWindow(int index) throws RafsRefused {
    int at = at(index);
    requireSizes(at + 24, at + 28);
    long offset = in.getLong(at);
    require(offset >= 0 && offset <= blob.dataEnd() - u32(at + 24), Code.M43, at, "a window lies inside the blob");
    long dictionary = in.getLong(at + 16);
    long size = u32(at + 32);
    require(size <= Frame.Dictionary.MOST, Code.M43, at + 32, "a dictionary has at most 32 KiB");
    long room = array.length - dictionaries() - size;
    require(dictionary >= 0 && dictionary <= room, Code.M43, at + 16, "a dictionary lies inside the chunk information");
    require(array[at + 37] >= 0 && array[at + 37] <= 7, Code.M43, at + 37, "at most 7 bits come first");
    require(in.getShort(at + 38) == 0, Code.M43, at + 38, "reserved bytes of a window are 0");
  }

  private void requireSizes(int storedAt, int plainAt) throws RafsRefused {
    boolean stored = u32(storedAt) >= 1 && u32(storedAt) <= Limits.MOST_CHUNK_BYTES;
    require(stored, Code.M43, storedAt, "a frame has 1 to 2^24 bytes");
    boolean plain = u32(plainAt) >= 1 && u32(plainAt) <= Limits.MOST_CHUNK_BYTES;
    require(plain, Code.M43, plainAt, "a frame has 1 to 2^24 bytes decoded");
  }

  private int dictionaries() {
    return from + SIZE * count;
  }

  /// @param batchOffset where the entry says that the batch is; windows say it themselves
  Frame frame(long index, long batchOffset) throws RafsRefused {
    require(index < count, Code.M43, 0, "the context of a chunk exists");
    int at = at((int) index);
    if (blob.features().isBatch()) {
      int size = (int) u32(at);
      require(batchOffset <= blob.dataEnd() - size, Code.M43, at, "a batch lies inside the chunk data");
      return new Frame(blob.index(), batchOffset, size, (int) u32(at + 4), new Frame.Coding.Whole(blob.compression()));
    }
    int dictionary = dictionaries() + (int) in.getLong(at + 16);
    byte[] bytes = Arrays.copyOfRange(array, dictionary, dictionary + (int) u32(at + 32));
    var window = new Frame.Coding.Window(array[at + 36] & 0xff, array[at + 37], new Frame.Dictionary(bytes));
    return new Frame(blob.index(), in.getLong(at), (int) u32(at + 24), (int) u32(at + 28), window);
  }
}
