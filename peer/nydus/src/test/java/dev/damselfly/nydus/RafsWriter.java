package dev.damselfly.nydus;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/// Writes images of format 6 that are large or have chosen content: one blob of uncompressed chunks, one directory of files.
/// Only the reader is tested with it, never its agreement with the format: for that there are the golden images.
public final class RafsWriter {
  private static final int BLOCK = 4096;
  private static final int META = 2 * BLOCK;
  private static final int INODE = 64;
  private static final int MOST_DIRECTORY = BLOCK - INODE;
  private static final int FEATURES = 0x4000_0001;

  private final int chunkSize;
  private final DigestAlgorithm algorithm;
  private final OutputStream blob;
  private final DigestAlgorithm.Running whole = DigestAlgorithm.SHA256.start();
  private final List<Written> files = new ArrayList<>();
  private final List<Stored> chunks = new ArrayList<>();
  private long stored;
  private long plain;

  private record Written(String name, long size, int first, int count) {}

  private record Stored(byte[] digest, int index, int size, long at, long plainAt, long fileAt) {}

  /// @param blobId its SHA-256 in words, as a registry names it
  public record Built(byte[] bootstrap, String blobId, long blobSize) {}

  /// @param blob takes the bytes of the blob as they are made
  public RafsWriter(int chunkSize, DigestAlgorithm algorithm, OutputStream blob) {
    this.chunkSize = chunkSize;
    this.algorithm = algorithm;
    this.blob = blob;
  }

  /// Adds a file to the root, in the order of names. No two chunks of an image are equal.
  public RafsWriter file(String name, InputStream content) throws IOException {
    int first = chunks.size();
    long size = 0;
    for (byte[] chunk = content.readNBytes(chunkSize); chunk.length > 0; chunk = content.readNBytes(chunkSize)) {
      chunks.add(new Stored(algorithm.of(ByteBuffer.wrap(chunk)), chunks.size(), chunk.length, stored, plain, size));
      put(chunk);
      stored += chunk.length;
      plain += (chunk.length + BLOCK - 1L) / BLOCK * BLOCK;
      size += chunk.length;
    }
    files.add(new Written(name, size, first, chunks.size() - first));
    return this;
  }

  private void put(byte[] bytes) throws IOException {
    blob.write(bytes);
    whole.add(bytes);
  }

  public Built end() throws IOException {
    put(new byte[16 * chunks.size() + BLOCK]); // chunk information, which nobody needs for chunks with a frame of their own
    blob.close();
    String id = HexFormat.of().formatHex(whole.end());
    return new Built(bootstrap(id), id, stored + 16L * chunks.size() + BLOCK);
  }

  private byte[] bootstrap(String id) {
    int at = META + 2 * BLOCK;
    int[] places = new int[files.size()];
    for (int i = 0; i < places.length; i++) {
      places[i] = at;
      at += (INODE + 8 * files.get(i).count() + 31) / 32 * 32;
    }
    int table = (at + BLOCK - 1) / BLOCK * BLOCK;
    int length = table + (80 * chunks.size() + BLOCK - 1) / BLOCK * BLOCK;
    var out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    superblocks(out, table);
    out.put(1408, ascii(id)).putInt(1472, (int) (plain / BLOCK)).putInt(1476, 512);
    blobRow(out, id);
    root(out, places);
    for (int i = 0; i < places.length; i++) {
      inode(out, files.get(i), places[i]);
    }
    chunkTable(out.position(table));
    return out.array();
  }

  private void superblocks(ByteBuffer out, int table) {
    out.putInt(1024, 0xE0F5E1E2).putInt(1032, 0x4000_0000).put(1036, (byte) 12).putShort(1038, (short) 128);
    out.putLong(1040, files.size() + 1L).putInt(1060, (int) (plain / BLOCK)).putInt(1064, META / BLOCK);
    out.putInt(1104, 0xC).putShort(1110, (short) 1).putShort(1112, (short) 11);
    long digest = algorithm == DigestAlgorithm.SHA256 ? 0x8 : 0x4;
    out.putLong(1152, 0x0100_0011L | digest).putLong(1160, BLOCK).putInt(1168, 256).putInt(1172, chunkSize);
    out.putLong(1176, table).putLong(1184, 80L * chunks.size()).putLong(1192, out.capacity());
  }

  private void blobRow(ByteBuffer out, String id) {
    long count = chunks.size();
    out.put(BLOCK, ascii(id)).putInt(BLOCK + 68, chunkSize).putInt(BLOCK + 72, (int) count);
    out.putInt(BLOCK + 80, algorithm == DigestAlgorithm.SHA256 ? 1 : 0).putInt(BLOCK + 84, FEATURES);
    out.putLong(BLOCK + 88, stored + 16 * count + BLOCK).putLong(BLOCK + 96, plain).putLong(BLOCK + 112, stored);
    out.putLong(BLOCK + 120, 16 * count).putLong(BLOCK + 128, 16 * count);
  }

  private void root(ByteBuffer out, int[] places) {
    var names = new ArrayList<>(List.of(".", ".."));
    files.forEach(file -> names.add(file.name()));
    int size = names.stream().mapToInt(name -> 12 + name.length()).sum();
    if (size > MOST_DIRECTORY) {
      throw new IllegalArgumentException("the names of all files fit in one block");
    }
    int at = META + BLOCK;
    out.putShort(at, (short) 5).putShort(at + 4, (short) 040755).putLong(at + 8, size).putInt(at + 20, 1).putInt(at + 44, 2);
    int entry = at + INODE;
    int name = 12 * names.size();
    for (int i = 0; i < names.size(); i++) {
      long nid = i < 2 ? 128 : (places[i - 2] - META) / 32;
      out.putLong(entry, nid).putShort(entry + 8, (short) name).put(entry + 10, (byte) (i < 2 ? 2 : 1));
      out.put(at + INODE + name, ascii(names.get(i)));
      entry += 12;
      name += names.get(i).length();
    }
  }

  private void inode(ByteBuffer out, Written file, int at) {
    int format = 0x20 | Integer.numberOfTrailingZeros(chunkSize / BLOCK);
    out.putShort(at, (short) 9).putShort(at + 4, (short) 0100644).putLong(at + 8, file.size()).putInt(at + 16, format);
    out.putInt(at + 20, at / 32).putInt(at + 44, 1);
    for (int i = 0; i < file.count(); i++) {
      Stored chunk = chunks.get(file.first() + i);
      int place = at + INODE + 8 * i;
      out.putShort(place, (short) chunk.index()).put(place + 2, (byte) 1).put(place + 3, (byte) (chunk.index() >> 16));
      out.putInt(place + 4, (int) (chunk.plainAt() / BLOCK));
    }
  }

  private void chunkTable(ByteBuffer out) {
    var sorted = new ArrayList<>(chunks);
    sorted.sort(Comparator.comparing(Stored::digest, Arrays::compareUnsigned));
    for (Stored chunk : sorted) {
      out.put(chunk.digest()).putInt(0).putInt(0).putInt(chunk.size()).putInt(chunk.size());
      out.putLong(chunk.at()).putLong(chunk.plainAt()).putLong(chunk.fileAt()).putInt(chunk.index()).putInt(0);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
