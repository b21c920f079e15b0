package dev.damselfly.fuzz;

import dev.damselfly.peer.store.CrashStore;
import dev.damselfly.peer.store.PieceStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// The content store after its process was killed, or the power lost, at any moment. A killed process loses no committed
/// piece. A loss of power may take, tear and reorder what was not forced: what is found is a prefix of what happened
/// without the pieces whose bytes are gone, and each piece in it has its bytes.
///
/// With a real SQLite file on a real disk: tens of runs a second, not thousands.
public final class StoreRecoveryFuzz implements Target {
  private static final int TASKS = 2;
  private static final int PIECES = 5;

  /// What is done of the steps that make all durable: three for the first batch, of one file; four for one of two.
  private static final int STEPS = 1 + 3 + 4;

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new StoreRecoveryFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new StoreRecoveryFuzz().run(input);
  }

  /// What happened, and how much of it is durable.
  private static final class Model {
    final Map<String, byte[]> durable = new TreeMap<>();
    final List<Map.Entry<String, byte[]>> waiting = new ArrayList<>();
    int version;

    void settle(int changes) {
      for (int i = 0; i < changes; i++) {
        var change = waiting.removeFirst();
        durable.put(change.getKey(), change.getValue());
      }
    }
  }

  @Override
  public void run(byte[] input) {
    Path home = null;
    try {
      home = Files.createTempDirectory("store-fuzz");
      play(home, new Script(input));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } finally {
      if (home != null) {
        PieceCast.delete(home);
      }
    }
  }

  private static void play(Path home, Script script) throws IOException, InterruptedException {
    var model = new Model();
    int cuts = 0;
    try (var store = new CrashStore(home.resolve("live"), TASKS)) {
      for (int i = 0; i < 24 && script.hasNext() && cuts < 2; i++) {
        if (script.next(8) == 7) {
          lose(store, home.resolve("copy" + cuts++), model, script);
        } else {
          step(store, model, script);
        }
      }
      lose(store, home.resolve("last"), model, script);
    }
    if (model.durable.isEmpty() && model.waiting.isEmpty()) {
      Accepted.no();
    } else {
      Accepted.yes();
    }
  }

  private static void lose(CrashStore store, Path copy, Model model, Script script)
      throws IOException, InterruptedException {
    int steps = script.next(STEPS);
    boolean power = script.next(4) != 0;
    model.settle(store.loseToCopy(copy, steps, power, script::next));
    Map<String, byte[]> expected = new TreeMap<>(model.durable);
    List<Map<String, byte[]>> prefixes = new ArrayList<>();
    prefixes.add(Map.copyOf(expected));
    for (var piece : model.waiting) {
      boolean there = CrashStore.holds(copy, task(piece.getKey()), number(piece.getKey()), piece.getValue());
      Script.check(there || power, "a killed process lost bytes");
      if (there) {
        expected.put(piece.getKey(), piece.getValue());
      }
      prefixes.add(Map.copyOf(expected));
    }
    var found = CrashStore.recover(copy, TASKS);
    var allowed = power ? prefixes : List.of(prefixes.getLast());
    Script.check(
        allowed.stream().anyMatch(prefix -> same(found, prefix)),
        "not a prefix: " + found.keySet() + " for " + expected.keySet() + (power ? " after a loss of power" : ""));
  }

  private static String name(int task, int number) {
    return task + "/" + number;
  }

  private static int task(String name) {
    return name.charAt(0) - '0';
  }

  private static int number(String name) {
    return name.charAt(2) - '0';
  }

  private static void step(CrashStore store, Model model, Script script) throws InterruptedException {
    int task = script.next(TASKS);
    int number = script.next(PIECES);
    String name = name(task, number);
    byte[] bytes = new byte[1 + script.next(256)];
    new Random(name.hashCode() + 1000L * model.version++).nextBytes(bytes);
    switch (script.next(8)) {
      case 0, 1, 2 -> {
        if (store.put(task, number, bytes)) {
          model.waiting.add(Map.entry(name, bytes));
        }
      }
      case 3, 4 -> store.giveUp(task, number, bytes);
      case 5 -> {
        store.quarantine(task, number);
        model.settle(model.waiting.size());
        model.durable.remove(name);
      }
      case 6 -> {
        store.discard(task);
        model.settle(model.waiting.size());
        model.durable.keySet().removeIf(key -> key.startsWith(task + "/"));
      }
      default -> {
        store.sync();
        model.settle(model.waiting.size());
      }
    }
  }

  private static boolean same(Map<String, byte[]> found, Map<String, byte[]> expected) {
    return found.keySet().equals(expected.keySet())
        && found.entrySet().stream().allMatch(piece -> Arrays.equals(piece.getValue(), expected.get(piece.getKey())));
  }

  @Override
  public String name() {
    return "store-recovery";
  }

  @Override
  public String oracle() {
    return "killed: all that was committed; after a loss of power: a prefix of it, each piece with its bytes";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(PieceStore.class);
  }

  @Override
  public int changesPerSeed() {
    return 1;
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < 32; i++) {
      var random = new Random(i);
      var out = new ByteArrayOutputStream();
      for (int step = 0; step < 3 + i % 9; step++) {
        int what = i < 16 ? List.of(0, 0, 7, 5, 0, 3, 6, 0).get((step + i) % 8) : random.nextInt(8);
        out.writeBytes(new byte[] {0, (byte) (step % 3 / 2), (byte) random.nextInt(PIECES), (byte) random.nextInt(256), (byte) what});
      }
      out.write(7);
      out.write(i % STEPS);
      byte[] lost = new byte[16];
      random.nextBytes(lost);
      out.writeBytes(lost);
      seeds.add(out.toByteArray());
    }
    return seeds;
  }
}
