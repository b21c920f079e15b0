package dev.damselfly.peer.store;

import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// A held piece, open for reading. The bytes are `record().range()` of the channel. Close it once.
public final class PieceReader implements AutoCloseable {
  private final PieceRecord record;
  private final ContentFile file;
  private final StoredTask.Pin pin;

  PieceReader(PieceRecord record, ContentFile file, StoredTask.Pin pin) {
    this.record = record;
    this.file = file;
    this.pin = pin;
  }

  public PieceRecord record() {
    return record;
  }

  /// The task's file; shared, use positional reads only, never close it. Ask again for each read: an interrupt of
  /// another thread may have closed the one before.
  public FileChannel channel() {
    try {
      return file.channel();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Fills the buffer from a position of the content.
  void readFully(ByteBuffer into, long position) throws IOException {
    file.read(into, position);
  }

  @Override
  public void close() {
    pin.close();
  }
}
