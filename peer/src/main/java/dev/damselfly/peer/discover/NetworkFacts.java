package dev.damselfly.peer.discover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Bits per second of all interfaces but loopback, between one sample and the next. Thread-safe.
final class NetworkFacts {
  private static final long DEFAULT_BITS = 10_000_000_000L;
  private static final int MAX_LINES = 4096;
  private static final int RECEIVED = 0;
  private static final int SENT = 8;

  private final Path file;
  private long lastNanos;
  private long lastReceived = -1;
  private long lastSent;

  /// One measurement.
  ///
  /// @param maxBits assumed speed of the interfaces
  record Sample(long maxBits, long receivedBits, long sentBits) {}

  NetworkFacts(Path procfs) {
    this.file = procfs.resolve("net/dev");
  }

  synchronized Sample sample(long nanos) {
    long[] bytes = read();
    long received = 0;
    long sent = 0;
    long elapsed = nanos - lastNanos;
    if (lastReceived >= 0 && elapsed > 0) {
      received = perSecond(bytes[0] - lastReceived, elapsed);
      sent = perSecond(bytes[1] - lastSent, elapsed);
    }
    lastNanos = nanos;
    lastReceived = bytes[0];
    lastSent = bytes[1];
    return new Sample(DEFAULT_BITS, received, sent);
  }

  private static long perSecond(long bytes, long nanos) {
    return bytes <= 0 ? 0 : (long) (bytes * 8.0 * 1e9 / nanos);
  }

  private long[] read() {
    long[] sum = new long[2];
    try (var lines = Files.lines(file)) {
      lines.limit(MAX_LINES).forEach(line -> add(line, sum));
    } catch (IOException | java.io.UncheckedIOException e) {
      return sum; // no such file on this machine: the network is reported idle
    }
    return sum;
  }

  private static void add(String line, long[] sum) {
    int colon = line.indexOf(':');
    if (colon < 0 || line.substring(0, colon).strip().equals("lo")) {
      return;
    }
    List<String> columns = List.of(line.substring(colon + 1).strip().split("\\s+"));
    if (columns.size() > SENT) {
      sum[0] += number(columns.get(RECEIVED));
      sum[1] += number(columns.get(SENT));
    }
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
