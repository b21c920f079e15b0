package dev.damselfly.peer.store;

import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.content.ContentFacts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// A store on disk that tells every write to a content file. For fuzz targets.
public final class RecordedStore implements AutoCloseable {
  public static final long PIECE = StoreLab.PIECE;

  private final List<Write> writes = new ArrayList<>();
  private final PieceStore store;

  /// Bytes that were written to a content file.
  public record Write(long position, byte[] bytes) {}

  public RecordedStore(Path directory) throws IOException {
    var config = new StoreConfig(1L << 30, 90, 80, Duration.ofDays(1));
    store = PieceStore.open(directory, config, new StoreLab.Clock(), new Recorder(new RealDisk(directory)), SqliteMetadata::open);
  }

  public PieceStore store() {
    return store;
  }

  /// A task whose pieces may have any length: that of the content is not known.
  public StoredTask task(String name) {
    return task(name, false);
  }

  /// @param restricted the content was fetched with credentials
  public StoredTask task(String name, boolean restricted) {
    var tuple = TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/" + name).build());
    StoredTask task = store.open(tuple, restricted);
    task.fix(new ContentFacts(OptionalLong.empty(), PIECE, "\"v1\"", "", false));
    return task;
  }

  /// What was written since the last call.
  public synchronized List<Write> takeWrites() {
    var all = List.copyOf(writes);
    writes.clear();
    return all;
  }

  private synchronized void wrote(long position, byte[] bytes) {
    writes.add(new Write(position, bytes));
  }

  @Override
  public void close() {
    store.close();
  }

  private final class Recorder implements Disk {
    private final Disk real;

    Recorder(Disk real) {
      this.real = real;
    }

    @Override
    public FileChannel open(Path file) throws IOException {
      return real.open(file);
    }

    @Override
    public int write(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
      ByteBuffer before = bytes.duplicate();
      int count = real.write(channel, bytes, position);
      byte[] copy = new byte[count];
      before.get(copy);
      wrote(position, copy);
      return count;
    }

    @Override
    public int read(FileChannel channel, ByteBuffer into, long position) throws IOException {
      return real.read(channel, into, position);
    }

    @Override
    public void force(FileChannel channel) throws IOException {
      real.force(channel);
    }

    @Override
    public void delete(Path file) throws IOException {
      real.delete(file);
    }

    @Override
    public long freeBytes() throws IOException {
      return real.freeBytes();
    }

    @Override
    public long totalBytes() throws IOException {
      return real.totalBytes();
    }
  }
}
