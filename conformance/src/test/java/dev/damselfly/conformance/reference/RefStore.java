package dev.damselfly.conformance.reference;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32;

/// What a reference peer holds; outlives a restart. Thread-safe.
final class RefStore {
  static final int PIECE = 4 << 20;

  /// One task. Its monitor guards the pieces and is notified of each change.
  static final class Held {
    final String id;
    final long length;
    /// One reads a task from the origin at a time.
    final ReentrantLock fetching = new ReentrantLock();
    private final Map<Integer, byte[]> pieces = new TreeMap<>();

    Held(String id, long length) {
      this.id = id;
      this.length = length;
    }

    int size(int number) {
      return (int) Math.min(PIECE, length - (long) number * PIECE);
    }

    int count() {
      return (int) ((length + PIECE - 1) / PIECE);
    }

    synchronized void put(int number, byte[] bytes) {
      pieces.put(number, bytes);
      notifyAll();
    }

    synchronized byte @org.jspecify.annotations.Nullable [] get(int number) {
      return pieces.get(number);
    }

    synchronized Set<Integer> numbers() {
      return Set.copyOf(pieces.keySet());
    }

    synchronized boolean isWhole() {
      return pieces.size() == count();
    }

    /// Waits until there are more pieces than that, at most a second.
    synchronized void awaitMoreThan(int count) throws InterruptedException {
      long deadline = System.nanoTime() + 1_000_000_000L;
      while (pieces.size() <= count && System.nanoTime() < deadline) {
        wait(100);
      }
    }
  }

  private final Map<String, Held> tasks = new ConcurrentHashMap<>();

  Held task(String id, long length) {
    return tasks.computeIfAbsent(id, missing -> new Held(missing, length));
  }

  @org.jspecify.annotations.Nullable Held find(String id) {
    return tasks.get(id);
  }

  void remove(String id) {
    tasks.remove(id);
  }

  static String digest(byte[] bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return "crc32:" + crc.getValue();
  }
}
