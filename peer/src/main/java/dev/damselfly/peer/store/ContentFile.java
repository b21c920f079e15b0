package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The file of one task, open while somebody uses it. Thread-safe.
///
/// An interrupted thread closes the channel it works on, under the feet of all others. They get a fresh one here, so
/// that a cancelled download breaks no other.
final class ContentFile {
  private final Disk disk;
  private final Path path;

  @GuardedBy("this")
  private @Nullable FileChannel channel;

  @GuardedBy("this")
  private int users;

  @GuardedBy("this")
  private boolean retired;

  ContentFile(Disk disk, Path path) {
    this.disk = disk;
    this.path = path;
  }

  /// Opens the file for one more user, who must [#release] it.
  synchronized void acquire() throws IOException {
    users++;
    try {
      channel();
    } catch (IOException e) {
      users--;
      throw e;
    }
  }

  synchronized void release() {
    users--;
    if (users == 0) {
      closeChannel();
    }
  }

  /// The open channel of a user.
  synchronized FileChannel channel() throws IOException {
    var open = channel;
    if (open != null && open.isOpen()) {
      return open;
    }
    if (retired) {
      throw new IOException("the content was dropped");
    }
    open = disk.open(path);
    channel = open;
    return open;
  }

  /// Removes the name. Users keep what they have open; nobody opens it again.
  synchronized void retire() throws IOException {
    retired = true;
    disk.delete(path);
  }

  void write(ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      try {
        at += disk.write(channel(), bytes, at);
      } catch (ClosedByInterruptException e) {
        throw e;
      } catch (ClosedChannelException e) {
        channel(); // closed by another thread's interrupt: go on with a fresh one, or fail when the content was dropped
      }
    }
  }

  /// Fills the buffer.
  void read(ByteBuffer into, long position) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      try {
        int count = disk.read(channel(), into, at);
        if (count < 0) {
          throw new EOFException("the content file is shorter than its records");
        }
        at += count;
      } catch (ClosedByInterruptException e) {
        throw e;
      } catch (ClosedChannelException e) {
        channel();
      }
    }
  }

  void force() throws IOException {
    acquire();
    try {
      disk.force(channel());
    } finally {
      release();
    }
  }

  @GuardedBy("this")
  private void closeChannel() {
    var open = channel;
    channel = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        System.getLogger(ContentFile.class.getName()).log(System.Logger.Level.WARNING, "a content file did not close", e);
      }
    }
  }
}
