package dev.damselfly.peer.store;

import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.NullMarked;

/// A task of a store of its own, whose journal takes everything and writes nothing down. Cheap: one for each try.
@NullMarked
public final class FreshTask {
  private static final long PIECE = 4L << 20;
  private static final long QUOTA = 1L << 30;
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final TaskTuple TUPLE = TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/f").build());
  private static final Path FILE = file();

  private final Space space = new Space(new OneFile(), QUOTA, _ -> false);
  private final StoredTask task;

  public FreshTask() {
    var unknownLength = new ContentFacts(OptionalLong.empty(), PIECE, "\"v1\"", "", false);
    var row = new TaskRow(1, TUPLE, false, Optional.of(unknownLength), NOW, 0, 0, Map.of());
    var shelf =
        new Shelf(
            new OneFile(), FILE.resolveSibling("content"), new Nothing(), new Journal(new Nothing()), space, Runnable::run,
            InstantSource.fixed(NOW));
    this.task = new StoredTask(row, shelf, true);
  }

  public StoredTask task() {
    return task;
  }

  /// Bytes of room that are taken.
  public long reserved() {
    return space.reserved();
  }

  /// Whether nobody uses the task any more. It is gone then: ask once.
  public boolean retires() {
    return task.content().retire();
  }

  private static Path file() {
    try {
      Path made = Files.createTempFile("stress", ".content");
      made.toFile().deleteOnExit();
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Nothing is ever written or read.
  private static final class OneFile implements Disk {
    @Override
    public FileChannel open(Path file) throws IOException {
      return FileChannel.open(FILE, StandardOpenOption.READ);
    }

    @Override
    public int write(FileChannel channel, ByteBuffer bytes, long position) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int read(FileChannel channel, ByteBuffer into, long position) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void force(FileChannel channel) {}

    @Override
    public void delete(Path file) {}

    @Override
    public long freeBytes() {
      return QUOTA * 10;
    }

    @Override
    public long totalBytes() {
      return QUOTA * 10;
    }
  }

  private static final class Nothing implements Metadata {
    @Override
    public void apply(List<Change> changes) {}

    @Override
    public void force() {}

    @Override
    public List<TaskRow> tasks() {
      return List.of();
    }

    @Override
    public List<PieceRecord> pieces(long task) {
      return List.of();
    }

    @Override
    public List<PieceRecord> unforced(long task) {
      return List.of();
    }

    @Override
    public void dropPiecesBeyond(long task, long size) {}

    @Override
    public Map<String, String> notes(long task) {
      return Map.of();
    }

    @Override
    public Optional<TaskId> byLabel(String label) {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }
}
