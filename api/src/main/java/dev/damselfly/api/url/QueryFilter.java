package dev.damselfly.api.url;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The query as it enters a task id: without the filtered parameters, sorted by name, in one encoding.
final class QueryFilter {
  private QueryFilter() {}

  /// A decoded parameter; octets that are no UTF-8 have become U+FFFD.
  private static final class Pair {
    final byte[] name;
    final byte[] value;

    Pair(String name, String value) {
      this.name = name.getBytes(StandardCharsets.UTF_8);
      this.value = value.getBytes(StandardCharsets.UTF_8);
    }
  }

  /// @param query raw, without the question mark
  /// @return empty when nothing remains
  static String apply(String query, List<String> filtered) {
    var drop = new HashSet<>(filtered);
    List<Pair> kept = new ArrayList<>();
    int from = 0;
    while (from <= query.length()) {
      int amp = query.indexOf('&', from);
      int to = amp < 0 ? query.length() : amp;
      String piece = query.substring(from, to);
      from = to + 1;
      if (!piece.isEmpty() && piece.indexOf(';') < 0) {
        addUnless(drop, kept, piece);
      }
    }
    kept.sort((a, b) -> Arrays.compareUnsigned(a.name, b.name)); // stable: equal names keep their order
    return join(kept);
  }

  private static void addUnless(Set<String> drop, List<Pair> kept, String piece) {
    int equals = piece.indexOf('=');
    String name = decode(equals < 0 ? piece : piece.substring(0, equals));
    if (!drop.contains(name)) {
      kept.add(new Pair(name, equals < 0 ? "" : decode(piece.substring(equals + 1))));
    }
  }

  private static String decode(String text) {
    return new String(PercentEncode.decode(text, true), StandardCharsets.UTF_8);
  }

  private static String join(List<Pair> pairs) {
    var out = new StringBuilder();
    for (Pair pair : pairs) {
      if (!out.isEmpty()) {
        out.append('&');
      }
      encode(out, pair.name);
      out.append('=');
      encode(out, pair.value);
    }
    return out.toString();
  }

  private static void encode(StringBuilder out, byte[] octets) {
    for (byte b : octets) {
      int c = b & 0xff;
      if (isUnreserved(c)) {
        out.append((char) c);
      } else if (c == ' ') {
        out.append('+');
      } else {
        PercentEncode.append(out, c);
      }
    }
  }

  private static boolean isUnreserved(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '.'
        || c == '_'
        || c == '~';
  }
}
