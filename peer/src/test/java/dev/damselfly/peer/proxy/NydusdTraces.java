package dev.damselfly.peer.proxy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.NullMarked;

/// What a Nydus daemon asked of a registry, or of a proxy before one, in many situations; recorded. The file says how it is read.
@NullMarked
final class NydusdTraces {
  private static final String FILE = "/nydus/nydusd-2.4.4.txt";

  private NydusdTraces() {}

  /// @param fault words of what was wrong with the answers, with their values
  record Situation(String name, int blobBytes, Map<String, String> fault, List<Asking> requests) {
    boolean has(String word) {
      return fault.containsKey(word);
    }

    int number(String word, int otherwise) {
      return Integer.parseInt(fault.getOrDefault(word, "" + otherwise));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /// One request.
  ///
  /// @param past the client went past the proxy, to the registry itself
  /// @param target `blob`, `redirected`, `token`, `ping` or `connect`
  /// @param range first and last byte, or `-`
  /// @param priority 6 for what a reader waits for, 3 for what is fetched ahead, `-` for a client that does not say
  /// @param credentials `basic`, `bearer` or `-`
  record Asking(boolean past, String method, String target, String range, String priority, String credentials, int status) {
    boolean isWhole() {
      return range.equals("-");
    }

    int first() {
      return Integer.parseInt(range.substring(0, range.indexOf('-')));
    }

    int last() {
      return Integer.parseInt(range.substring(range.indexOf('-') + 1));
    }

    /// Lines of the head that the daemon sent.
    List<String> headers() {
      var lines = new ArrayList<String>();
      if (!target.equals("ping") && !target.equals("connect")) {
        if (!isWhole()) {
          lines.add("range: bytes=" + range);
        }
        lines.add("user-agent: nydusd/1.0.0");
        if (!priority.equals("-")) {
          lines.addAll(List.of("x-dragonfly-prefetch: true", "x-dragonfly-priority: " + priority, "x-dragonfly-use-p2p: true"));
        }
        lines.add("content-length: 0");
      }
      lines.add("accept: */*");
      return lines;
    }
  }

  static List<Situation> all() {
    var all = new ArrayList<Situation>();
    for (String line : lines()) {
      String[] words = line.split(" ");
      if (words[0].equals("=")) {
        all.add(new Situation(words[1], Integer.parseInt(words[2]), fault(words), new ArrayList<>()));
      } else if (!words[0].equals("#")) {
        var asking = new Asking(words[0].equals("origin"), words[1], words[2], words[3], words[4], words[5], Integer.parseInt(words[6]));
        int times = words.length > 8 ? Integer.parseInt(words[8].substring(1)) : 1;
        for (int i = 0; i < times; i++) {
          all.getLast().requests().add(asking);
        }
      }
    }
    return all;
  }

  private static Map<String, String> fault(String[] words) {
    var fault = new LinkedHashMap<String, String>();
    for (int i = 3; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      fault.put(equals < 0 ? words[i] : words[i].substring(0, equals), equals < 0 ? "" : words[i].substring(equals + 1));
    }
    return fault;
  }

  private static List<String> lines() {
    try (var in = NydusdTraces.class.getResourceAsStream(FILE)) {
      return new String(Objects.requireNonNull(in, FILE).readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
