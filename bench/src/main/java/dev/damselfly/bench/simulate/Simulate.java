package dev.damselfly.bench.simulate;

import java.util.Locale;
import java.util.random.RandomGeneratorFactory;

/// `PEERS PIECES MBIT SEED`: one flash crowd over one second; prints one line of JSON.
public final class Simulate {
  private static final long PIECE = 4L << 20;

  private Simulate() {}

  public static void main(String[] args) {
    int peers = Integer.parseInt(args[0]);
    int pieces = Integer.parseInt(args[1]);
    double rate = Double.parseDouble(args[2]) * 1e6 / 8;
    var random = RandomGeneratorFactory.of("L64X128MixRandom").create(Long.parseLong(args[3]));
    long start = System.nanoTime();
    Swarm.Result result = new Swarm(peers, pieces, PIECE, rate, random).run(1);
    double[] times = result.times();
    System.out.printf(
        Locale.ROOT,
        "{\"median\": %.3f, \"p99\": %.3f, \"last\": %.3f, \"unfinished\": %d, \"floor\": %.3f, \"origin_ratio\": %.4f,"
            + " \"events\": %d, \"choices\": %d, \"wall_s\": %.1f}%n",
        times[times.length / 2],
        times[(int) (times.length * 0.99)],
        times[times.length - 1],
        java.util.Arrays.stream(times).filter(t -> t < 0).count(),
        pieces * PIECE / rate,
        (double) result.originReads() / pieces,
        result.events(),
        result.choices(),
        (System.nanoTime() - start) / 1e9);
  }
}
