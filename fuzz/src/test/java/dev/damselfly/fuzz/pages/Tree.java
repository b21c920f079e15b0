package dev.damselfly.fuzz.pages;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The sources of all modules that have some.
final class Tree {
  static final Path ROOT = Path.of(System.getProperty("house.root", ".."));

  private static final Pattern ID = Pattern.compile("\\b((?:TOB|S-[A-Z]{3}|[FB])-|CVE-\\d{4}-)(\\d+)(?:\\.\\.(?:[A-Z-]+)?(\\d+))?");

  private final Map<String, Path> mains = new HashMap<>();

  Tree() {
    for (String module : modules()) {
      for (Path file : files(ROOT.resolve(module).resolve("src/main/java"), ".java")) {
        mains.put(nameOf(ROOT.resolve(module).resolve("src/main/java"), file), file);
      }
    }
  }

  /// Folders of the modules, `peer/nydus` for one inside another.
  static List<String> modules() {
    try (var paths = Files.walk(ROOT, 2)) {
      return paths.filter(path -> Files.isDirectory(path.resolve("src"))).map(path -> ROOT.relativize(path).toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Path> files(Path folder, String end) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths.filter(path -> path.toString().endsWith(end)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String nameOf(Path sources, Path file) {
    String path = sources.relativize(file).toString();
    return path.substring(0, path.length() - ".java".length()).replace('/', '.');
  }

  /// First sentence of what the source says about a class, without marks of the language; empty when it says nothing.
  String about(String type) {
    Path file = mains.get(type);
    if (file == null) {
      return "";
    }
    var doc = new StringBuilder();
    for (String line : text(file).lines().toList()) {
      if (line.startsWith("///")) {
        doc.append(line.substring(3).strip()).append(' ');
      } else if (line.matches("(?:public |final |sealed |abstract |non-sealed )*(?:class|interface|record|enum) .*")) {
        break;
      } else if (!line.startsWith("@")) {
        doc.setLength(0);
      }
    }
    String first = doc.toString().strip().split("(?<=[.:;])\\s", 2)[0];
    return first.replaceAll("\\[([^\\]]+)]", "$1").replace('|', '/').replaceAll("[.:;]$", "");
  }

  /// Threats that the package says it answers.
  Set<String> answeredBy(String packageName) {
    Path file = mains.get(packageName + ".package-info");
    return file == null ? Set.of() : ids(text(file));
  }

  /// All ids in a text; `B-18..B-29` and `S-PXY-2..11` stand for all between.
  static Set<String> ids(String text) {
    var all = new TreeSet<String>();
    var matcher = ID.matcher(text);
    while (matcher.find()) {
      int first = Integer.parseInt(matcher.group(2));
      int last = matcher.group(3) == null ? first : Integer.parseInt(matcher.group(3));
      String number = matcher.group(2);
      all.add(matcher.group(1) + number);
      for (int i = first + 1; i <= last; i++) {
        all.add(matcher.group(1) + (number.startsWith("0") && i < 10 ? "0" + i : "" + i));
      }
    }
    return all;
  }
}
