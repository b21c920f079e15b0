package dev.damselfly.dist.lazy;

import dev.damselfly.dist.lazy.FileRefused.Why;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import dev.damselfly.nydus.Entry;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.NodeType;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// The files of an image as a mount asks for them: by path, by handle, by offset and size, all of which may be anything.
/// Thread-safe.
///
/// A reader that goes on where it stopped, for longer than a chunk, is read ahead for.
public final class LazyFiles {
  /// Files open at once.
  public static final int MAX_OPEN = 65_536;

  /// Bytes of one read.
  public static final int MAX_READ = 1 << 20;

  /// The kernel asks for neighbours side by side.
  private static final long NEAR = 2L << 20;

  private final Image image;
  private final Reading reading;
  private final Consumer<List<Chunk>> fetch;
  private final Consumer<LazyFailed> failures;
  private final Map<Long, Open> open = new ConcurrentHashMap<>();
  private final AtomicLong next = new AtomicLong(1);

  /// Copies verified bytes.
  public interface Reading {
    void read(ChunkNeed need, ByteBuffer into) throws LazyFailed;
  }

  /// @param failures hears why a read was broken
  public LazyFiles(Image image, LazyChunks chunks, Consumer<LazyFailed> failures) {
    this(image, chunks::read, chunks::fetch, failures);
  }

  /// @param fetch begins to fetch what will be read
  public LazyFiles(Image image, Reading reading, Consumer<List<Chunk>> fetch, Consumer<LazyFailed> failures) {
    this.image = image;
    this.reading = reading;
    this.fetch = fetch;
    this.failures = failures;
  }

  /// One open file, and how its reader goes about it.
  private final class Open {
    private final Node file;
    private long expected;
    private long inOrder;
    private @Nullable Ahead ahead;

    Open(Node file) {
      this.file = file;
    }

    synchronized void reads(long from, int length) {
      boolean near = from >= expected - NEAR && from <= expected + NEAR;
      inOrder = near ? inOrder + length : 0;
      expected = near ? Math.max(expected, from + length) : from + length;
      if (!near) {
        ahead = null;
      } else if (ahead == null && inOrder > image.chunkSize()) {
        ahead = new Ahead(from(expected), fetch, LazyChunks.WINDOW);
      }
      if (ahead != null) {
        ahead.advanced(length);
      }
    }

    private Iterator<Chunk> from(long at) {
      long size = image.chunkSize();
      return LongStream.range(Math.ceilDiv(at, size), Math.ceilDiv(file.size(), size)).mapToObj(n -> image.chunk(file, n)).iterator();
    }
  }

  /// @param path absolute; `.` and `..` are no names
  public Node find(String path) throws FileRefused {
    return image.find(MountPath.parse(path).names()).orElseThrow(() -> new FileRefused(Why.ABSENT));
  }

  public void list(String path, Consumer<Entry> each) throws FileRefused {
    Node directory = find(path);
    if (directory.type() != NodeType.DIRECTORY) {
      throw new FileRefused(Why.NOT_A_DIRECTORY);
    }
    image.list(directory, each);
  }

  public byte[] target(String path) throws FileRefused {
    Node link = find(path);
    if (link.type() != NodeType.SYMLINK) {
      throw new FileRefused(Why.NOT_A_LINK);
    }
    return image.target(link);
  }

  /// @return a handle
  public long open(String path) throws FileRefused {
    Node file = find(path);
    if (file.type() != NodeType.FILE) {
      throw new FileRefused(Why.NOT_A_FILE);
    }
    if (open.size() >= MAX_OPEN) {
      throw new FileRefused(Why.TOO_MANY_OPEN);
    }
    long handle = next.getAndIncrement();
    open.put(handle, new Open(file));
    return handle;
  }

  /// Copies at most so many bytes, fewer at the end of the file or of the buffer.
  public int read(long handle, long offset, long size, ByteBuffer into) throws FileRefused {
    Open file = open.get(handle);
    if (file == null) {
      throw new FileRefused(Why.NOT_OPEN);
    }
    if (offset < 0 || size < 0) {
      throw new FileRefused(Why.MALFORMED);
    }
    int length = (int) Math.min(Math.min(size, MAX_READ), Math.min(into.remaining(), Math.max(0, file.file.size() - offset)));
    if (length == 0) {
      return 0;
    }
    file.reads(offset, length);
    try {
      for (ChunkNeed need : image.needs(file.file, offset, length)) {
        reading.read(need, into);
      }
      return length;
    } catch (LazyFailed e) {
      failures.accept(e);
      throw new FileRefused(Why.BROKEN);
    }
  }

  public void release(long handle) {
    open.remove(handle);
  }

  /// Files that are open now.
  public int opened() {
    return open.size();
  }

  public Node root() {
    return image.root();
  }
}
