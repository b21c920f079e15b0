package dev.damselfly.peer.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/// A disk of which one operation fails, that forces files when a test lets it, or that reports other free space.
final class FaultyDisk implements Disk {
  private final Disk real;
  private final Gate gate;
  private final AtomicLong untilFailure = new AtomicLong(Long.MAX_VALUE);
  private final AtomicLong operations = new AtomicLong();
  private volatile boolean forcesFail;
  private volatile long free = -1;
  private volatile long total = -1;

  FaultyDisk(Disk real) {
    this(real, new Gate());
  }

  FaultyDisk(Disk real, Gate gate) {
    this.real = real;
    this.gate = gate;
  }

  /// The k-th operation from now fails, counted from 1.
  void failOperation(long k) {
    untilFailure.set(k);
  }

  /// Whether nothing becomes durable from now on.
  void failForces(boolean fail) {
    forcesFail = fail;
  }

  void freeBytes(long free, long total) {
    this.free = free;
    this.total = total;
  }

  long operations() {
    return operations.get();
  }

  private void step() throws IOException {
    operations.incrementAndGet();
    if (untilFailure.decrementAndGet() == 0) {
      throw new IOException("injected");
    }
  }

  @Override
  public FileChannel open(Path file) throws IOException {
    step();
    return real.open(file);
  }

  @Override
  public int write(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    step();
    return real.write(channel, bytes, position);
  }

  @Override
  public int read(FileChannel channel, ByteBuffer into, long position) throws IOException {
    step();
    return real.read(channel, into, position);
  }

  @Override
  public void force(FileChannel channel) throws IOException {
    gate.pass(
        Gate.Step.FORCE_CONTENT,
        () -> {
          step();
          if (forcesFail) {
            throw new IOException("injected");
          }
          real.force(channel);
        });
  }

  @Override
  public void delete(Path file) throws IOException {
    step();
    real.delete(file);
  }

  @Override
  public long freeBytes() throws IOException {
    return free >= 0 ? free : real.freeBytes();
  }

  @Override
  public long totalBytes() throws IOException {
    return total >= 0 ? total : real.totalBytes();
  }
}
