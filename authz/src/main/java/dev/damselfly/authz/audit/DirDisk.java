package dev.damselfly.authz.audit;

import dev.damselfly.authz.files.FileName;
import dev.damselfly.authz.files.SafeDir;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// Segments as files of one private directory.
final class DirDisk implements Disk {
  private static final String PREFIX = "audit-";
  private static final String SUFFIX = ".log";
  private static final int MAX_FILES = 100_000;

  private final SafeDir dir;

  @SuppressWarnings("MustBeClosedChecker") // closed by close()
  DirDisk(Path directory) throws IOException {
    this.dir = SafeDir.openOrCreate(directory);
  }

  /// Name of the segment that starts with this record; names sort as numbers do.
  static String nameOf(long firstSeq) {
    return PREFIX + String.format(Locale.ROOT, "%019d", firstSeq) + SUFFIX;
  }

  @Override
  public List<String> names() throws IOException {
    return dir.names(MAX_FILES).stream().filter(name -> name.startsWith(PREFIX) && name.endsWith(SUFFIX)).toList();
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // the segment owns the channel
  public Segment create(String name) throws IOException {
    var file = new FileName(name);
    FileChannel channel = dir.create(file);
    try {
      dir.sync();
    } catch (IOException e) {
      channel.close();
      dir.delete(file); // so that the next try finds the name free
      throw e;
    }
    return new FileSegment(channel);
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // the segment owns the channel
  public Segment open(String name) throws IOException {
    return new FileSegment(dir.write(new FileName(name)));
  }

  @Override
  public void close() throws IOException {
    dir.close();
  }

  private record FileSegment(FileChannel channel) implements Segment {
    @Override
    public void append(ByteBuffer bytes) throws IOException {
      long at = channel.size();
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    }

    @Override
    public void sync() throws IOException {
      channel.force(false);
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
      channel.force(true);
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public InputStream read() throws IOException {
      return Channels.newInputStream(channel.position(0));
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
