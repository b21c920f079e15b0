package dev.damselfly.authz.audit;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Puts batches on disk. One thread at a time: the log lets in no second writer.
final class SegmentWriter implements Closeable {
  private final Disk disk;
  private final HeadSink heads;
  private Disk.@Nullable Segment segment;

  /// Segment to make before the next batch.
  private Optional<String> pending;

  private long durableBytes;

  /// Bytes of a failed write may stand behind the durable ones.
  private boolean dirty;

  private volatile boolean headsArrive = true;

  SegmentWriter(Disk disk, HeadSink heads, Recovery end) throws IOException {
    this.disk = disk;
    this.heads = heads;
    this.durableBytes = end.wholeBytes();
    if (end.segment().isPresent()) {
      this.segment = disk.open(end.segment().get());
      this.pending = Optional.empty();
      this.dirty = end.tornBytes() > 0;
    } else {
      this.pending = Optional.of(DirDisk.nameOf(end.seq() + 1));
    }
  }

  /// Null when the batch is on disk; else the reason, and the segment ends where it ended before.
  @Nullable IOException write(Batch batch) {
    try {
      Disk.Segment now = ready();
      var content = batch.content();
      int length = content.remaining();
      dirty = true;
      now.append(content);
      now.sync();
      dirty = false;
      durableBytes += length;
    } catch (IOException e) {
      return e;
    }
    batch.nextSegment().ifPresent(name -> pending = Optional.of(name));
    batch.heads().forEach(this::tell);
    return null;
  }

  long durableBytes() {
    return pending.isPresent() ? 0 : durableBytes;
  }

  boolean headsArrive() {
    return headsArrive;
  }

  private Disk.Segment ready() throws IOException {
    if (pending.isPresent()) {
      Disk.Segment fresh = disk.create(pending.get());
      if (segment != null) {
        segment.close();
      }
      segment = fresh;
      pending = Optional.empty();
      durableBytes = 0;
      dirty = false;
    }
    Disk.Segment now = segment;
    if (now == null) {
      throw new IllegalStateException("no segment is open and none is pending");
    }
    if (dirty) {
      now.truncate(durableBytes);
      dirty = false;
    }
    return now;
  }

  private void tell(SignedHead head) {
    try {
      heads.accept(head);
      headsArrive = true;
    } catch (IOException e) {
      headsArrive = false; // the log itself is whole; health shows that its second place is not
    }
  }

  @Override
  public void close() throws IOException {
    if (segment != null) {
      segment.close();
    }
    disk.close();
    if (heads instanceof Closeable owned) {
      owned.close();
    }
  }
}
