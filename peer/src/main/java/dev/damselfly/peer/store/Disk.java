package dev.damselfly.peer.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// Everything the store does to content files. A seam: tests make any operation fail, or lose what was not forced.
interface Disk {
  /// Opens a content file for reading and writing, created private and empty when absent; follows no links.
  FileChannel open(Path file) throws IOException;

  /// Writes some of the buffer.
  int write(FileChannel channel, ByteBuffer bytes, long position) throws IOException;

  int read(FileChannel channel, ByteBuffer into, long position) throws IOException;

  /// Returns once everything written to the file before survives a loss of power.
  void force(FileChannel channel) throws IOException;

  void delete(Path file) throws IOException;

  /// Bytes that the file system would still take.
  long freeBytes() throws IOException;

  long totalBytes() throws IOException;
}
