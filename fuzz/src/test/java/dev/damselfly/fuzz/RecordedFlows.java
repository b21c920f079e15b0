package dev.damselfly.fuzz;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/// Requests of real programs, reduced to one of each shape.
final class RecordedFlows {
  private RecordedFlows() {}

  /// @param type full name of the message; with `local:` before it for what was said on a peer's own socket
  static List<byte[]> messages(String type) {
    var file = Objects.requireNonNull(RecordedFlows.class.getResourceAsStream("recorded.txt"));
    try (var lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
      return lines.lines()
          .map(line -> line.split(" ", -1))
          .filter(parts -> parts[0].equals(type))
          .map(parts -> HexFormat.of().parseHex(parts[1]))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Each message as a script of one step.
  static List<byte[]> requests(String type, int kind, int flags) {
    return messages(type).stream().map(bytes -> new CallScript().step(kind, flags, bytes).toBytes()).toList();
  }
}
