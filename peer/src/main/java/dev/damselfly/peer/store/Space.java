package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.io.IOException;
import java.io.UncheckedIOException;

/// The bytes that tasks may fill. Room is taken before content is fetched, never found missing half-way (B-47, S-DLG-3).
/// Thread-safe.
final class Space {
  /// Share of the file system that stays free whatever the quota is.
  static final int KEEP_FREE_PERCENT = 5;

  private final Disk disk;
  private final long quota;
  private final Evictor evictor;

  @GuardedBy("this")
  private long reserved;

  @GuardedBy("this")
  private long written;

  Space(Disk disk, long quota, Evictor evictor) {
    this.disk = disk;
    this.quota = quota;
    this.evictor = evictor;
  }

  /// Makes room by removing what nobody uses.
  interface Evictor {
    /// @return whether anything was removed
    boolean free(long bytes);
  }

  /// Counts what is on disk at the start, wanted or not.
  synchronized void adopt(long bytes, long held) {
    reserved += bytes;
    written += held;
  }

  /// Takes room. Holds no lock of a task: others may be removed for it.
  ///
  /// @throws Refused NO_SPACE
  void reserve(long bytes) {
    long lacking = take(bytes);
    while (lacking > 0) {
      if (!evictor.free(lacking)) {
        throw new Refused(Reason.NO_SPACE, "the content store has no room for this content: quota or file system is full");
      }
      lacking = take(bytes);
    }
  }

  /// @return 0 when the room was taken, else how many bytes are missing
  private synchronized long take(long bytes) {
    if (bytes == 0) {
      return 0;
    }
    long overQuota = bytes - (quota - reserved);
    long lacking = Math.max(overQuota, overDisk(bytes));
    if (lacking > 0) {
      return lacking;
    }
    reserved += bytes;
    return 0;
  }

  @GuardedBy("this")
  private long overDisk(long bytes) {
    try {
      long promised = reserved - written; // taken, but not on disk yet
      long keep = disk.totalBytes() / 100 * KEEP_FREE_PERCENT;
      return bytes - (disk.freeBytes() - promised - keep);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  synchronized void release(long bytes) {
    reserved -= bytes;
  }

  synchronized void wrote(long bytes) {
    written += bytes;
  }

  synchronized long reserved() {
    return reserved;
  }

  synchronized long written() {
    return written;
  }
}
