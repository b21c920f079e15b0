package dev.damselfly.conformance.link;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// What one case sent and saw, in order. Thread-safe. Holds the newest [#MAX] entries at most.
public final class Transcript {
  private static final int MAX = 2_000;
  private static final int MAX_BYTES = 4_096;

  /// One message, frame or exchange.
  ///
  /// @param millis since the case began
  /// @param from who sent it
  /// @param what method, frame kind or request line
  /// @param hex the bytes, cut after 4 KiB
  /// @param text the same for people
  public record Entry(long millis, String from, String what, String hex, String text) {}

  private final long start = System.nanoTime();

  @GuardedBy("this")
  private final List<Entry> entries = new ArrayList<>();

  public void message(String from, String what, Message message) {
    byte[] bytes = message.toByteArray();
    add(from, what, bytes, TextFormat.printer().emittingSingleLine(true).printToString(message));
  }

  public void bytes(String from, String what, byte[] bytes) {
    add(from, what, bytes, bytes.length + " bytes");
  }

  public void note(String from, String what) {
    add(from, what, new byte[0], "");
  }

  private void add(String from, String what, byte[] bytes, String text) {
    int shown = Math.min(bytes.length, MAX_BYTES);
    var entry =
        new Entry(
            (System.nanoTime() - start) / 1_000_000,
            from,
            what,
            HexFormat.of().formatHex(bytes, 0, shown),
            text.length() > MAX_BYTES ? text.substring(0, MAX_BYTES) : text);
    synchronized (this) {
      if (entries.size() == MAX) {
        entries.removeFirst();
      }
      entries.add(entry);
    }
  }

  public synchronized List<Entry> entries() {
    return List.copyOf(entries);
  }
}
