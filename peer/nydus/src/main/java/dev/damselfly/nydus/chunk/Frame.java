package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.Compression;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;
import java.util.Arrays;

/// A range of a blob that is decoded as a whole: one chunk, a batch of chunks, or a window of an original layer.
///
/// @param blob index of the blob in its image
/// @param offset first byte in the blob file
/// @param size bytes to fetch
/// @param plainSize bytes after decoding, exactly
public record Frame(int blob, long offset, int size, int plainSize, Coding coding) {
  /// How a frame is coded.
  public sealed interface Coding {
    record Whole(Compression compression) implements Coding {}

    /// Raw deflate that starts inside a byte, with a dictionary.
    record Window(int firstByte, int firstBits, Dictionary dictionary) implements Coding {}
  }

  /// What a window may refer back to. Compared by content.
  public static final class Dictionary {
    static final int MOST = 32 << 10;
    private final byte[] bytes;

    Dictionary(byte[] bytes) {
      this.bytes = bytes;
    }

    byte[] bytes() {
      return bytes;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Dictionary dictionary && Arrays.equals(bytes, dictionary.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  public Frame {
    boolean bounded = offset >= 0 && size >= 1 && size <= Limits.MOST_CHUNK_BYTES && plainSize >= 1
        && plainSize <= Limits.MOST_CHUNK_BYTES;
    if (!bounded) {
      throw new IllegalArgumentException("a frame has 1 to 2^24 bytes, stored and plain");
    }
  }

  /// Decodes what was fetched. Nothing of it can be read before a chunk of it is verified.
  ///
  /// @param stored exactly [#size] bytes
  /// @throws RafsRefused when the bytes are not one frame of exactly the plain size
  public OpenFrame open(byte[] stored) throws RafsRefused {
    if (stored.length != size) {
      throw new RafsRefused(Code.M48, offset, "as many bytes come as were asked for");
    }
    byte[] plain = switch (coding) {
      case Coding.Whole(Compression compression) -> switch (compression) {
        case NONE -> uncompressed(stored);
        case ZSTD -> Zstds.decode(stored, plainSize, offset);
        case LZ4_BLOCK -> Lz4s.decode(stored, plainSize, offset);
        case GZIP -> throw new RafsRefused(Code.UNSUPPORTED, offset, "gzip is read in windows only");
      };
      case Coding.Window window -> Windows.decode(window, stored, plainSize, offset);
    };
    return new OpenFrame(this, plain);
  }

  private byte[] uncompressed(byte[] stored) throws RafsRefused {
    if (stored.length != plainSize) {
      throw new RafsRefused(Code.M44, offset, "an uncompressed chunk has one size");
    }
    return stored.clone(); // verify what we keep, not what the caller can still change
  }
}
