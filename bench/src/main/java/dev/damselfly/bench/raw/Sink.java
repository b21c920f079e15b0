package dev.damselfly.bench.raw;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/// Where received bytes go: nowhere, or through SHA-256 into a file on a thread beside the event loop.
sealed interface Sink {
  /// Takes the buffer over.
  ///
  /// @param drained runs when queued bytes went away
  /// @return bytes that wait
  long take(ByteBuf bytes, long position, Runnable drained);

  long queued();

  /// Runs the action after everything taken before.
  void finish(Runnable action);

  /// What the wire alone costs.
  record Drop() implements Sink {
    @Override
    public long take(ByteBuf bytes, long position, Runnable drained) {
      bytes.release();
      return 0;
    }

    @Override
    public long queued() {
      return 0;
    }

    @Override
    public void finish(Runnable action) {
      action.run();
    }
  }

  /// What a receiver that verifies and stores cannot do without.
  final class HashAndWrite implements Sink, AutoCloseable {
    private final FileChannel file;
    private final MessageDigest sha256;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final AtomicLong queued = new AtomicLong();

    HashAndWrite(Path path) throws IOException {
      file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
      try {
        sha256 = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public long take(ByteBuf bytes, long position, Runnable drained) {
      int length = bytes.readableBytes();
      thread.execute(
          () -> {
            write(bytes, position);
            queued.addAndGet(-length);
            drained.run();
          });
      return queued.addAndGet(length);
    }

    private void write(ByteBuf bytes, long position) {
      try {
        long at = position;
        for (ByteBuffer part : bytes.nioBuffers()) {
          sha256.update(part.duplicate());
          while (part.hasRemaining()) {
            at += file.write(part, at);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        bytes.release();
      }
    }

    @Override
    public long queued() {
      return queued.get();
    }

    @Override
    public void finish(Runnable action) {
      thread.execute(action);
    }

    @Override
    public void close() throws IOException {
      thread.close();
      file.close();
    }
  }
}
