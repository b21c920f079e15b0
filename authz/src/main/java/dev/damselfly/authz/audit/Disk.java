package dev.damselfly.authz.audit;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;

/// Where segments of the log are kept. Implementations: [DirDisk]; tests script failures.
interface Disk extends Closeable {
  /// Names of all segments, oldest first.
  List<String> names() throws IOException;

  /// A new segment; survives a crash when this returns.
  Segment create(String name) throws IOException;

  /// An existing segment.
  Segment open(String name) throws IOException;

  /// One append-only file.
  interface Segment extends Closeable {
    /// All bytes, at the end.
    void append(ByteBuffer bytes) throws IOException;

    /// What was appended survives a crash when this returns.
    void sync() throws IOException;

    void truncate(long size) throws IOException;

    long size() throws IOException;

    /// From the start; the caller closes it.
    InputStream read() throws IOException;
  }
}
