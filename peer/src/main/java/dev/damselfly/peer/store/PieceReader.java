package dev.damselfly.peer.store;

import dev.damselfly.peer.content.PieceRecord;
import java.nio.channels.FileChannel;

/// A held piece, open for reading. The bytes are `record().range()` of the channel. Close it once.
public final class PieceReader implements AutoCloseable {
  private final PieceRecord record;
  private final FileChannel channel;
  private final StoredTask.Pin pin;

  PieceReader(PieceRecord record, FileChannel channel, StoredTask.Pin pin) {
    this.record = record;
    this.channel = channel;
    this.pin = pin;
  }

  public PieceRecord record() {
    return record;
  }

  /// The task's file; shared, use positional reads only, never close it.
  public FileChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    pin.close();
  }
}
