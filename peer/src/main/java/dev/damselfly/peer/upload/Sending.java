package dev.damselfly.peer.upload;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.store.PieceReader;
import dev.damselfly.peer.store.StoredTask;
import io.netty.buffer.ByteBuf;
import java.io.IOException;

/// One held piece on its way out, read from the file chunk by chunk. Used by one worker at a time.
///
/// Keeps the task from eviction until the last byte was read or [#close].
final class Sending implements AutoCloseable {
  /// Bytes read from the file at once.
  static final int CHUNK = 512 << 10;

  private final PieceReader reader;
  private long position;
  private long left;
  private boolean closed;

  private Sending(PieceReader reader) {
    this.reader = reader;
    this.position = reader.record().range().start();
    this.left = reader.record().range().length();
  }

  /// @throws dev.damselfly.api.error.RequestFailure TASK_UNKNOWN when the piece is not held
  static Sending open(StoredTask task, PieceNumber number) {
    return new Sending(task.read(number));
  }

  PieceRecord record() {
    return reader.record();
  }

  boolean atStart() {
    return left == record().range().length();
  }

  boolean atEnd() {
    return left == 0;
  }

  /// Reads the next chunk straight into the buffer, which has room for it.
  void read(ByteBuf into) throws IOException {
    int wanted = (int) Math.min(CHUNK, left);
    reader.readFully(into.nioBuffer(into.writerIndex(), wanted), position);
    into.writerIndex(into.writerIndex() + wanted);
    position += wanted;
    left -= wanted;
    if (left == 0) {
      close();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      reader.close();
    }
  }
}
