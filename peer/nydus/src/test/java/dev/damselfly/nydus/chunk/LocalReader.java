package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.RafsRefused;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/// Reads files of an image whose blobs are all in memory.
final class LocalReader {
  private final Image image;
  private final Golden files;
  private final Map<Frame, OpenFrame> open = new HashMap<>();
  private final Map<Integer, BlobInformation> information = new HashMap<>();

  LocalReader(Image image, Golden files) {
    this.image = image;
    this.files = files;
  }

  byte[] read(Node file) throws RafsRefused {
    return read(file, 0, file.size());
  }

  byte[] read(Node file, long from, long length) throws RafsRefused {
    var out = new ByteArrayOutputStream();
    for (ChunkNeed need : image.needs(file, from, length)) {
      var part = chunk(need.chunk()).bytes(need);
      var bytes = new byte[part.remaining()];
      part.get(bytes);
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  VerifiedChunk chunk(Chunk chunk) throws RafsRefused {
    Place place = chunk.needsInformation() ? information(chunk.blob()).place(chunk) : Place.of(chunk);
    OpenFrame frame = open.get(place.frame());
    if (frame == null) {
      frame = place.frame().open(stored(chunk.blob(), place.frame().offset(), place.frame().size()));
      open.put(place.frame(), frame);
    }
    return frame.verify(chunk, place.at());
  }

  private byte[] stored(Blob blob, long from, int size) throws RafsRefused {
    byte[] bytes = files.has(blob.id()) ? files.file(blob.id()) : new byte[0];
    int start = (int) Math.min(from, bytes.length);
    return Arrays.copyOfRange(bytes, start, Math.min(bytes.length, start + size));
  }

  BlobInformation information(Blob blob) throws RafsRefused {
    BlobInformation known = information.get(blob.index());
    if (known == null) {
      known = readInformation(blob);
      information.put(blob.index(), known);
    }
    return known;
  }

  private BlobInformation readInformation(Blob blob) throws RafsRefused {
    if (blob.features().isSeparate()) {
      return BlobInformation.ofSeparateFile(blob, files.file(blob.information().fileDigest()));
    }
    String id = HexFormat.of().formatHex(DigestAlgorithm.SHA256.of(files.file(blob.id())));
    if (!id.equals(blob.id())) {
      throw new RafsRefused(Code.M41, 0, "chunk information is authenticated");
    }
    return BlobInformation.ofAuthenticated(
        blob, stored(blob, blob.information().offset(), (int) BlobInformation.storedLength(blob)));
  }
}
