package dev.damselfly.authz.audit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// Records that share one disk sync. Filled under the lock of its log, then written by one thread, then settled under
/// the lock again.
final class Batch {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final Condition settlement;
  private final List<SignedHead> heads = new ArrayList<>();
  private Optional<String> nextSegment = Optional.empty();
  private Chain.@Nullable Mark end;
  private long events;
  private boolean settled;
  private @Nullable IOException failure;

  /// @param settlement of the log's lock: whoever has a record in here waits on it, and nobody else
  Batch(Condition settlement) {
    this.settlement = settlement;
  }

  /// Returns the number of bytes added.
  int add(AuditRecord record, Chain.Mark after) {
    byte[] line = (record.line() + "\n").getBytes(StandardCharsets.UTF_8);
    if (line.length > AuditReader.MAX_LINE) {
      throw new IllegalStateException("an audit record does not fit its bound");
    }
    bytes.writeBytes(line);
    end = after;
    return line.length;
  }

  boolean isEmpty() {
    return bytes.size() == 0;
  }

  /// So many events are lost when this batch is.
  void standsFor(long more) {
    events += more;
  }

  void announce(SignedHead head) {
    heads.add(head);
  }

  /// No record comes behind: the next one goes to a new segment of this name.
  void seal(String next) {
    nextSegment = Optional.of(next);
  }

  boolean sealed() {
    return nextSegment.isPresent();
  }

  Optional<String> nextSegment() {
    return nextSegment;
  }

  ByteBuffer content() {
    return ByteBuffer.wrap(bytes.toByteArray());
  }

  List<SignedHead> heads() {
    return heads;
  }

  long events() {
    return events;
  }

  Chain.Mark end() {
    Chain.Mark mark = end;
    if (mark == null) {
      throw new IllegalStateException("an empty batch has no end");
    }
    return mark;
  }

  void succeed() {
    settled = true;
    settlement.signalAll();
  }

  void fail(IOException cause) {
    failure = cause;
    succeed();
  }

  Condition settlement() {
    return settlement;
  }

  boolean isSettled() {
    return settled;
  }

  @Nullable IOException failure() {
    return failure;
  }
}
