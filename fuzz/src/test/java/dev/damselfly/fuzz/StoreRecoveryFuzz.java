package dev.damselfly.fuzz;

import dev.damselfly.peer.store.CrashStore;
import dev.damselfly.peer.store.PieceStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// The content store after a loss of power at any moment: what was not forced may be lost, torn or there out of order.
/// What is found is exactly a prefix of what happened, and each piece in it has its bytes.
///
/// With a real SQLite file on a real disk: tens of runs a second, not thousands.
final class StoreRecoveryFuzz implements Target {
  private static final int TASKS = 2;
  private static final int PIECES = 5;

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
          Path copy = home.resolve("copy" + cuts++);
          model.settle(store.loseToCopy(copy, script.next(3), script::next));
          same(CrashStore.recover(copy, TASKS), model.durable);
        } else {
          step(store, model, script);
        }
      }
      Path last = home.resolve("last");
      model.settle(store.loseToCopy(last, script.next(3), script::next));
      same(CrashStore.recover(last, TASKS), model.durable);
    }
    if (model.durable.isEmpty()) {
      Accepted.no();
    } else {
      Accepted.yes();
    }
  }

  private static void step(CrashStore store, Model model, Script script) throws InterruptedException {
    int task = script.next(TASKS);
    int number = script.next(PIECES);
    String name = task + "/" + number;
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

  private static void same(Map<String, byte[]> found, Map<String, byte[]> expected) {
    Script.check(found.keySet().equals(expected.keySet()), "not a prefix: " + found.keySet() + " for " + expected.keySet());
    found.forEach((name, bytes) -> Script.check(java.util.Arrays.equals(bytes, expected.get(name)), "bytes of another time"));
  }

  @Override
  public String name() {
    return "store-recovery";
  }

  @Override
  public String oracle() {
    return "after any loss of power: exactly a prefix of what happened, each piece with its bytes";
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
      out.write(i % 3);
      byte[] lost = new byte[12];
      random.nextBytes(lost);
      out.writeBytes(lost);
      seeds.add(out.toByteArray());
    }
    return seeds;
  }
}
