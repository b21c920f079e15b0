package dev.damselfly.fuzz;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.ring.HashRing;
import dev.damselfly.api.ring.SipHash24;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The hash ring: the owner of a key is that of a search through all nodes, in whatever order the members stand, and a
/// new member takes keys only for itself. First line of the input: the key; then one member per line, at most six.
final class RingFuzz implements Target {
  private static final int MAX_MEMBERS = 6;
  private static final int KEYS_PER_RING = 100;

  public static void fuzzerTestOneInput(byte[] input) {
    new RingFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    List<String> lines = Arrays.asList(TextTargets.text(input).split("\n", -1));
    String key = lines.getFirst();
    List<String> names = lines.subList(1, Math.min(lines.size(), 1 + MAX_MEMBERS));
    HashRing<String> ring;
    try {
      ring = ring(names);
    } catch (InvalidValue refused) {
      Accepted.no();
      Script.check(names.stream().anyMatch(n -> n.isEmpty() || n.length() > 1024), "refused good names");
      return;
    }
    Accepted.yes();
    Set<String> distinct = new LinkedHashSet<>(names);
    Script.check(distinct.stream().noneMatch(n -> n.isEmpty() || n.length() > 1024), "accepted a bad name");
    Script.check(ring.members().size() == distinct.size(), "one member per name");
    if (distinct.isEmpty()) {
      Script.check(ring.owner(key).isEmpty(), "an empty ring has an owner");
      return;
    }
    var naive = new NaiveRing(distinct);
    var reversed = ring(names.reversed());
    var more = new ArrayList<>(distinct);
    more.add("one-more");
    var larger = ring(more);
    for (int i = 0; i < KEYS_PER_RING; i++) {
      String variant = i == 0 ? key : key + i;
      String owner = ring.owner(variant).orElseThrow();
      Script.check(owner.equals(naive.owner(variant)), "not the owner of the naive ring");
      Script.check(reversed.owner(variant).orElseThrow().equals(owner), "depends on the order of members");
      String later = larger.owner(variant).orElseThrow();
      Script.check(later.equals(owner) || later.equals("one-more"), "a new member moved a key between old ones");
    }
  }

  private static HashRing<String> ring(List<String> names) {
    return HashRing.of(names.stream().map(name -> new HashRing.Member<>(name, name)).toList());
  }

  @Override
  public int changesPerSeed() {
    return 10;
  }

  @Override
  public String name() {
    return "ring";
  }

  @Override
  public String oracle() {
    return "owner equals a naive search; order of members does not matter; new members take only for themselves";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(HashRing.class, SipHash24.class);
  }

  @Override
  public List<byte[]> seeds() {
    String three = "\nscheduler-0\nscheduler-1\nscheduler-2";
    var texts = new ArrayList<String>();
    for (String key : KEYS) {
      texts.add(key + three);
      texts.add(key + three + "\nscheduler-3");
    }
    for (int i = 1; i <= 3; i++) {
      texts.add("test-task\nseed-peer-1\nseed-peer-2\nseed-peer-3\nseed-peer-" + i);
    }
    texts.addAll(List.of("", "\n", "k", "k\na", "k\na\na", "k\n\na", "k\n192.168.1.10:8002\n[2001:db8::1]:8002", "ä\nö\nü"));
    return TextTargets.seeds(texts.toArray(String[]::new));
  }

  /// The keys of the vectors in the specification.
  private static final List<String> KEYS =
      List.of(
          "457b4328cde278e422c9e243f7bfd1e97f511fec43a80f535cf6b0ef6b086776",
          "3c3f230ef9f191dd2821510346a7bc138e4894bee9aee184ba250a3040701d2a",
          "c9f9261b7305c24371244f9f149f5d4589ed601348fdf22d7f6f4b10658fdba2",
          "b171331534b80e0bf91da38ebbfcdbf4d177898f4b9beac44f14733e3f004d4e",
          "9f7c9aafbc6f30f8f41a96ca77eeae80c5b60964b3034b0ee43ccf7b2f9e52b8",
          "06408fbf247ddaca478f8cb9565fe5591c28efd0994b8fea80a6a87d3203c5ca",
          "5844f27a257287e9b734256bb25603d8005422ced8c0377f15063ec11963b25f",
          "e2d0fe1585a63ec6009c8016ff8dda8b17719a637405a4e23c0ff81339148249",
          "0".repeat(64),
          "f".repeat(64),
          "test-task",
          "task-a");
}
