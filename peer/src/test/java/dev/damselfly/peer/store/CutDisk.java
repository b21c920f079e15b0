package dev.damselfly.peer.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/// A disk that remembers what was not forced yet, and can lose it from a copy: any of the writes, whole or in part, in
/// any order, and the removal of files.
final class CutDisk implements Disk {
  private final Disk real;
  private final Gate gate;
  private final IdentityHashMap<FileChannel, Path> files = new IdentityHashMap<>();
  private final Map<Path, List<Unforced>> unforced = new HashMap<>();
  private final Map<Path, byte[]> removed = new HashMap<>();

  private record Unforced(long position, byte[] before, byte[] after, long sizeBefore) {}

  CutDisk(Disk real, Gate gate) {
    this.real = real;
    this.gate = gate;
  }

  @Override
  public synchronized FileChannel open(Path file) throws IOException {
    FileChannel channel = real.open(file);
    files.put(channel, file);
    removed.remove(file); // creating a file forces its directory
    return channel;
  }

  @Override
  public synchronized int write(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    long size = channel.size();
    var before = ByteBuffer.allocate(Math.clamp(size - position, 0, bytes.remaining()));
    channel.read(before, position);
    ByteBuffer source = bytes.duplicate();
    int count = real.write(channel, bytes, position);
    byte[] after = new byte[count];
    source.get(after);
    unforced
        .computeIfAbsent(fileOf(channel), _ -> new ArrayList<>())
        .add(new Unforced(position, before.array(), after, size));
    return count;
  }

  private Path fileOf(FileChannel channel) {
    Path file = files.get(channel);
    if (file == null) {
      throw new AssertionError("a channel that was not opened here");
    }
    return file;
  }

  @Override
  public int read(FileChannel channel, ByteBuffer into, long position) throws IOException {
    return real.read(channel, into, position);
  }

  @Override
  public void force(FileChannel channel) throws IOException {
    gate.pass(Gate.Step.FORCE_CONTENT, () -> forced(channel));
  }

  private synchronized void forced(FileChannel channel) {
    unforced.remove(fileOf(channel)); // the copy that is taken keeps it; no need to wait for the real disk
  }

  @Override
  public synchronized void delete(Path file) throws IOException {
    if (Files.exists(file)) {
      removed.put(file, new byte[64]);
    }
    unforced.remove(file);
    real.delete(file);
  }

  /// Takes from the copy what a loss of power may take.
  ///
  /// @param next the next number of the script below a bound
  synchronized void cut(Path from, Path copy, IntUnaryOperator next) throws IOException {
    for (var entry : sorted(unforced)) {
      Path file = copy.resolve(from.relativize(entry.getKey()));
      try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        for (Unforced write : entry.getValue().reversed()) {
          channel.write(ByteBuffer.wrap(write.before()), write.position());
          channel.truncate(write.sizeBefore());
        }
        for (Unforced write : entry.getValue()) {
          int kept =
              switch (next.applyAsInt(3)) {
                case 0 -> write.after().length;
                case 1 -> 0;
                default -> next.applyAsInt(256) * write.after().length / 256;
              };
          channel.write(ByteBuffer.wrap(write.after(), 0, kept), write.position());
        }
      }
    }
    for (var entry : sorted(removed)) {
      Path file = copy.resolve(from.relativize(entry.getKey()));
      if (!Files.exists(file) && next.applyAsInt(2) == 0) {
        Files.write(file, entry.getValue()); // the removal is lost
      }
    }
  }

  private static <T> List<Map.Entry<Path, T>> sorted(Map<Path, T> map) {
    return map.entrySet().stream().sorted(Map.Entry.comparingByKey()).toList();
  }

  @Override
  public long freeBytes() {
    return 1L << 40;
  }

  @Override
  public long totalBytes() {
    return 1L << 41;
  }
}
