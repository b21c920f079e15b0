package dev.damselfly.fuzz;

import dev.damselfly.authz.limits.PerIdentity;
import dev.damselfly.authz.limits.TokenBucket;
import dev.damselfly.peer.store.StoreSets;
import dev.damselfly.peer.upload.UploadSets;
import dev.damselfly.scheduler.swarm.SwarmSets;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/// Sets, tables, rates and quotas under operations, each against a model that counts everything anew. The first byte
/// says which.
final class SetsFuzz implements Target {
  private static final int KINDS = 8;
  private static final int STEPS = 120;

  public static void fuzzerTestOneInput(byte[] input) {
    new SetsFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    if (input.length < 3) {
      Accepted.no();
      return;
    }
    Accepted.yes();
    var script = new Script(input);
    int kind = script.next(KINDS);
    int steps = Math.min(STEPS, input.length);
    switch (kind) {
      case 0 -> bucket(script);
      case 1 -> perIdentity(script);
      case 2 -> StoreSets.pieceTable(script::next, steps);
      case 3 -> StoreSets.quota(script::next, steps);
      case 4 -> SwarmSets.holdings(script::next, steps);
      case 5 -> SwarmSets.leases(script::next, steps);
      case 6 -> UploadSets.news(script::next, steps);
      default -> UploadSets.shares(script::next, steps);
    }
  }

  /// The bucket against exact sums: what was saved is the burst, plus what time brought, minus what was taken.
  private static void bucket(Script script) {
    long rate = List.of(1L, 3L, 7L, 1000L, 999_983L, 1_000_000L).get(script.next(6));
    long second = 1_000_000_000L;
    long cost = second / rate;
    long[] now = {script.next(2) == 0 ? 0 : Long.MAX_VALUE - 5};
    var bucket = new TokenBucket(rate, () -> now[0]);
    var saved = BigInteger.valueOf(second);
    while (script.hasNext()) {
      long step = script.next(200) * (script.next(4) == 0 ? cost : cost / 7 + 1);
      now[0] += step;
      saved = saved.add(BigInteger.valueOf(step)).min(BigInteger.valueOf(second));
      boolean full = saved.equals(BigInteger.valueOf(second));
      Script.check(bucket.isFull() == full, "full");
      boolean enough = saved.compareTo(BigInteger.valueOf(cost)) >= 0;
      long missing = enough ? 0 : cost - saved.longValueExact();
      Script.check(bucket.untilNext().toNanos() == Math.max(1_000_000, missing), "time to wait");
      Script.check(bucket.tryTake() == enough, "let through what is not saved up, or held back what is");
      saved = enough ? saved.subtract(BigInteger.valueOf(cost)) : saved;
    }
  }

  /// Limiters by identity against a list in order of use; those at work keep theirs.
  private static void perIdentity(Script script) {
    int capacity = 1 + script.next(6);
    Set<Integer> busy = new LinkedHashSet<>();
    var limiters = new PerIdentity<Integer, Integer>(capacity, id -> id, id -> !busy.contains(id));
    Set<Integer> order = new LinkedHashSet<>();
    while (script.hasNext()) {
      int id = script.next(10);
      if (script.next(3) == 0 && !busy.remove(id)) {
        busy.add(id);
      }
      boolean known = order.remove(id);
      boolean room = known || order.size() < capacity;
      if (!room) {
        Optional<Integer> idle = order.stream().filter(other -> !busy.contains(other)).findFirst();
        idle.ifPresent(order::remove);
        room = idle.isPresent();
      }
      if (room) {
        order.add(id);
      }
      Script.check(limiters.use(id, limiter -> limiter).isPresent() == room, "an identity got a limiter, or got none, against the rule");
      Script.check(limiters.size() == order.size() && order.size() <= capacity, "the number of limiters");
    }
  }

  @Override
  public String name() {
    return "sets";
  }

  @Override
  public String oracle() {
    return "token bucket, limiters, piece table, quota, holdings, leases, news, shares equal naive models";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(TokenBucket.class, PerIdentity.class, StoreSets.class, SwarmSets.class, UploadSets.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < 6 * KINDS; i++) {
      byte[] seed = new byte[20 + 7 * i];
      new Random(i).nextBytes(seed);
      seed[0] = (byte) (i % KINDS);
      seeds.add(seed);
    }
    return seeds;
  }
}
