package dev.damselfly.nydus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A real image with a small change that an attacker would make; each is a file under `hostile/`, named by the
/// attack.
///
/// @param base the golden image that is changed
/// @param code what the format names as broken; `-` for nothing
/// @param expect `reject` the bootstrap, refuse a `chunk`, or the `same` content or a refusal
/// @param found what we answer, with the byte offset; empty when the bootstrap is accepted
/// @param because why another code than the documented one: two rules are broken
public record Hostile(
    String name, String base, String code, String expect, String found, String because, List<String> changes) {
  /// All, in order of their names.
  public static List<Hostile> all() {
    return lines("index").map(Hostile::named).toList();
  }

  /// The one of that name.
  public static Hostile named(String name) {
    var fields = new LinkedHashMap<String, String>();
    var changes = new ArrayList<String>();
    lines(name + ".txt").forEach(line -> {
      String[] words = line.split(" ", 2);
      if (List.of("what", "base", "code", "expect", "found", "because").contains(words[0])) {
        fields.put(words[0], words[1]);
      } else {
        changes.add(line);
      }
    });
    return new Hostile(
        name, fields.getOrDefault("base", ""), fields.getOrDefault("code", ""), fields.getOrDefault("expect", ""),
        fields.getOrDefault("found", ""), fields.getOrDefault("because", ""), changes);
  }

  private static Stream<String> lines(String file) {
    try (var in = Hostile.class.getResourceAsStream("/hostile/" + file)) {
      return new String(Optional.ofNullable(in).orElseThrow().readAllBytes(), StandardCharsets.US_ASCII).lines();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Applies the changes: `FILE at OFFSET HEX`, `FILE length BYTES`, `FILE ramp BYTES` (a pattern from the start),
  /// `FILE absent`.
  public Golden image() {
    Map<String, byte[]> files = new LinkedHashMap<>(Golden.image(base).files());
    for (String change : changes) {
      String[] words = change.split(" ");
      byte[] content = Optional.ofNullable(files.get(words[0])).orElseThrow().clone();
      switch (words[1]) {
        case "absent" -> {
          files.remove(words[0]);
          continue;
        }
        case "length" -> content = Arrays.copyOf(content, Integer.parseInt(words[2]));
        case "ramp" -> {
          for (int i = 0; i < Integer.parseInt(words[2]); i++) {
            content[i] = (byte) (i * 7 + 1);
          }
        }
        default -> {
          byte[] bytes = HexFormat.of().parseHex(words[3]);
          System.arraycopy(bytes, 0, content, Integer.parseInt(words[2]), bytes.length);
        }
      }
      files.put(words[0], content);
    }
    return new Golden(name, files);
  }

  @Override
  public String toString() {
    return name;
  }
}
