package dev.damselfly.dist.cli;

import dev.damselfly.dist.lazy.ChunkSource;
import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.dist.lazy.LazyFailed.Kind;
import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.RafsRefused;
import dev.damselfly.nydus.chunk.BlobInformation;
import dev.damselfly.nydus.chunk.Frame;
import dev.damselfly.nydus.chunk.OpenFrame;
import dev.damselfly.nydus.chunk.Place;
import dev.damselfly.nydus.chunk.VerifiedChunk;
import dev.damselfly.nydus.layer.BootstrapLayer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Verified chunks from blob files of one directory; a blob file is named by its id. Not thread-safe.
final class LocalBlobs implements ChunkSource {
  private static final int OPEN_FRAMES = 4;
  private static final int BUFFER = 1 << 20;

  private final Path directory;
  private final Optional<BootstrapLayer> layer;
  private final Map<String, FileChannel> files = new HashMap<>();
  private final Map<Integer, BlobInformation> information = new HashMap<>();
  private final Map<Frame, OpenFrame> frames = new LinkedHashMap<>();

  LocalBlobs(Path directory, Optional<BootstrapLayer> layer) {
    this.directory = directory;
    this.layer = layer;
  }

  @Override
  public ByteBuffer bytes(ChunkNeed need) throws LazyFailed {
    return chunk(need.chunk()).bytes(need);
  }

  private VerifiedChunk chunk(Chunk chunk) throws LazyFailed {
    Blob blob = chunk.blob();
    try {
      Place place = chunk.needsInformation() ? information(blob).place(chunk) : Place.of(chunk);
      return frame(blob, place.frame()).verify(chunk, place.at());
    } catch (RafsRefused e) {
      throw LazyFailed.refused("blob " + blob.id(), e);
    } catch (NoSuchFileException e) {
      throw new LazyFailed(
          Kind.USAGE, "there is no blob file " + e.getFile() + "; --blobs DIR says where they are");
    } catch (IOException e) {
      throw new LazyFailed(Kind.LOCAL, "blob " + blob.id() + " cannot be read in " + directory);
    }
  }

  private OpenFrame frame(Blob blob, Frame frame) throws IOException, RafsRefused {
    OpenFrame open = frames.get(frame);
    if (open == null) {
      open = frame.open(read(blob.id(), frame.offset(), frame.size()));
      if (frames.size() == OPEN_FRAMES) {
        frames.remove(frames.keySet().iterator().next());
      }
      frames.put(frame, open);
    }
    return open;
  }

  private BlobInformation information(Blob blob) throws IOException, RafsRefused, LazyFailed {
    BlobInformation known = information.get(blob.index());
    if (known == null) {
      known = readInformation(blob);
      information.put(blob.index(), known);
    }
    return known;
  }

  /// Authenticated by the layer that the caller chose, by a digest in the bootstrap, or by the blob id that is the
  /// SHA-256 of the whole file.
  private BlobInformation readInformation(Blob blob) throws IOException, RafsRefused, LazyFailed {
    Optional<byte[]> copy = layer.flatMap(l -> l.information(blob.id()));
    if (copy.isPresent()) {
      return BlobInformation.ofLayerCopy(blob, copy.get());
    }
    Blob.Information place = blob.information();
    if (blob.features().isSeparate()) {
      return BlobInformation.ofSeparateFile(blob, read(place.fileDigest(), 0, place.fileSize()));
    }
    if (!sha256(blob.id()).equals(blob.id())) {
      throw new LazyFailed(Kind.UNVERIFIED,
          "blob " + blob.id() + " is not the file of that SHA-256, so the places of its batches cannot be trusted");
    }
    return BlobInformation.ofAuthenticated(blob, read(blob.id(), place.offset(), BlobInformation.storedLength(blob)));
  }

  /// Fewer bytes when the file ends before; the caller refuses them.
  private byte[] read(String name, long from, long size) throws IOException {
    FileChannel file = file(name);
    long there = Math.max(0, Math.min(size, file.size() - from));
    var bytes = ByteBuffer.allocate(Math.toIntExact(there));
    long at = from;
    while (bytes.hasRemaining()) {
      int count = file.read(bytes, at);
      if (count < 0) {
        break;
      }
      at += count;
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  private String sha256(String name) throws IOException {
    DigestAlgorithm.Running digest = DigestAlgorithm.SHA256.start();
    FileChannel file = file(name);
    for (long at = 0; at < file.size(); at += BUFFER) {
      digest.add(read(name, at, BUFFER));
    }
    return HexFormat.of().formatHex(digest.end());
  }

  private FileChannel file(String name) throws IOException {
    FileChannel open = files.get(name);
    if (open == null) {
      Path file = directory.resolve(name);
      if (!Files.isRegularFile(file)) { // no device and no pipe that would never end
        throw new NoSuchFileException(file.toString());
      }
      open = FileChannel.open(file, StandardOpenOption.READ);
      files.put(name, open);
    }
    return open;
  }

  @Override
  public void close() {
    for (FileChannel file : files.values()) {
      try {
        file.close();
      } catch (IOException e) {
        // only read from: nothing depends on it
      }
    }
    files.clear();
  }
}
