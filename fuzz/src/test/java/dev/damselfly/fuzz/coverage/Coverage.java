package dev.damselfly.fuzz.coverage;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Replays every target on its seeds, past findings and corpus, and prints the lines of each parser package that ran.
public final class Coverage {
  /// Per cent of the lines of a package of parsers.
  private static final int BAR = 80;
  private static final int MOST_INPUTS = 4000; // of the corpus of one target

  private Coverage() {}

  /// `ROOT [CORPUS]`: prints the table, and with `-v` before them the lines that did not run. Ends with 1 when a package of
  /// parsers is below the bar.
  public static void main(String[] args) throws IOException, ReflectiveOperationException {
    boolean verbose = args[0].equals("-v");
    Path root = Path.of(args[verbose ? 1 : 0]);
    Path corpus = Path.of(args[verbose ? 2 : 1]);
    Set<String> parsers = parsers(root);
    var loader = new Counting();
    for (String type : parsers) {
      loader.loadClass(type); // what never runs counts, too
    }
    Class<?> targets = loader.loadClass("dev.damselfly.fuzz.Targets");
    for (Object target : (Collection<?>) targets.getMethod("all").invoke(null)) {
      replay(target, root.resolve("fuzz").resolve("hostile"), corpus);
    }
    System.exit(print(parsers, verbose) ? 0 : 1);
  }

  private static Set<String> parsers(Path root) throws IOException {
    var all = new TreeSet<String>();
    for (String line : Files.readAllLines(root.resolve("fuzz").resolve("inputs.txt"))) {
      if (line.startsWith("dev.")) {
        all.add(line.split("\\s+", 2)[0]);
      }
    }
    return all;
  }

  private static void replay(Object target, Path hostile, Path corpus) throws IOException, ReflectiveOperationException {
    String name = String.valueOf(method(target, "name").invoke(target));
    Method run = method(target, "run", byte[].class);
    var inputs = new ArrayList<byte[]>();
    for (Object seed : (List<?>) method(target, "seeds").invoke(target)) {
      inputs.add((byte[]) seed);
    }
    for (Path folder : List.of(hostile.resolve(name), corpus.resolve(name))) {
      if (Files.isDirectory(folder)) {
        try (var files = Files.walk(folder)) {
          for (Path file : files.filter(Files::isRegularFile).limit(MOST_INPUTS).toList()) {
            inputs.add(Files.readAllBytes(file));
          }
        }
      }
    }
    for (byte[] input : inputs) {
      try {
        run.invoke(target, (Object) input);
      } catch (InvocationTargetException finding) {
        System.err.println(name + ": " + finding.getCause());
      }
    }
    System.err.println(name + ": " + inputs.size() + " inputs");
  }

  private static Method method(Object target, String name, Class<?>... parameters) throws NoSuchMethodException {
    Method method = target.getClass().getMethod(name, parameters);
    method.setAccessible(true);
    return method;
  }

  /// @return whether all packages are at the bar
  private static boolean print(Set<String> parsers, boolean verbose) {
    Map<String, Lines.Covered> files = Lines.files();
    var packages = new TreeMap<String, int[]>(); // lines, lines that ran
    for (String parser : parsers) {
      String file = parser.replace('.', '/') + ".java";
      Lines.Covered covered = files.get(file);
      if (covered != null) {
        int[] sums = packages.computeIfAbsent(parser.substring(0, parser.lastIndexOf('.')), _ -> new int[2]);
        sums[0] += covered.all().size();
        sums[1] += covered.all().size() - covered.missed().size();
        if (verbose) {
          System.out.println(file + " " + covered.missed());
        }
      }
    }
    System.out.println("| package, its parsers | lines | of them ran | per cent |\n| --- | --- | --- | --- |");
    boolean good = true;
    for (Map.Entry<String, int[]> row : packages.entrySet()) {
      int percent = 100 * row.getValue()[1] / row.getValue()[0];
      good &= percent >= BAR;
      System.out.printf("| %s | %d | %d | %d%s |%n", row.getKey(), row.getValue()[0], row.getValue()[1], percent, percent < BAR ? " (below " + BAR + ")" : "");
    }
    return good && !packages.isEmpty();
  }

  /// Makes our classes again, so that they count; everything else is what it was.
  private static final class Counting extends ClassLoader {
    Counting() {
      super(Coverage.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("dev.damselfly.") || name.startsWith(Coverage.class.getPackageName())) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        @Nullable Class<?> known = findLoadedClass(name);
        return known != null ? known : made(name);
      }
    }

    private Class<?> made(String name) throws ClassNotFoundException {
      try (@Nullable InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] type = Lines.counted(in.readAllBytes(), getParent());
        return defineClass(name, type, 0, type.length, Coverage.class.getProtectionDomain());
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
