package dev.damselfly.peer.upload;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.authz.identity.SpiffeId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;

/// The counting parts of the piece listener against models. For fuzz targets.
public final class UploadSets {
  private UploadSets() {}

  /// Pieces to tell: each once, ascending, again after it was said to be gone.
  public static void news(IntUnaryOperator next, int steps) {
    var news = new News();
    var told = new TreeSet<Integer>();
    var waiting = new TreeSet<Integer>();
    for (int i = 0; i < steps; i++) {
      int number = next.applyAsInt(40);
      switch (next.applyAsInt(4)) {
        case 0, 1 -> {
          news.add(List.of(new PieceNumber(number), new PieceNumber(number + 1)));
          List.of(number, number + 1).stream().filter(n -> !told.contains(n)).forEach(waiting::add);
        }
        case 2 -> {
          news.forget(new PieceNumber(number));
          told.remove(number);
        }
        default -> {
          var now = news.next().stream().map(PieceNumber::value).toList();
          require(now.equals(List.copyOf(waiting)), "told pieces");
          told.addAll(waiting);
          waiting.clear();
        }
      }
      require(news.isEmpty() == waiting.isEmpty(), "whether there is news");
    }
  }

  /// Connections and bytes of three identities against plain sums; who waits is woken by the next that gives back.
  public static void shares(IntUnaryOperator next, int steps) {
    Duration time = Duration.ofSeconds(1);
    int chunk = Sending.CHUNK;
    var shares = new Shares(new UploadLimits(2, 4, 1, 2L * chunk, 3L * chunk, time, time, time));
    Map<Integer, ArrayDeque<Shares.Share>> open = new HashMap<>(); // by identity
    Map<Integer, Integer> taken = new HashMap<>(); // chunks by identity
    int[] woken = {0};
    int waiting = 0;
    for (int i = 0; i < steps; i++) {
      int who = next.applyAsInt(3);
      switch (next.applyAsInt(4)) {
        case 0 -> {
          var share = shares.join(SpiffeId.parse("spiffe://test/damselfly/peer/1/p" + who));
          var own = open.computeIfAbsent(who, _ -> new ArrayDeque<>());
          require(share.isPresent() == own.size() < 2, "connections of an identity");
          share.ifPresent(own::push);
        }
        case 1, 2 -> {
          var share = open.computeIfAbsent(who, _ -> new ArrayDeque<>()).peek();
          if (share != null) {
            int own = taken.getOrDefault(who, 0);
            int all = taken.values().stream().mapToInt(Integer::intValue).sum();
            boolean got = share.take(chunk, () -> woken[0]++);
            require(got == (own < 2 && all < 3), "bytes in flight");
            waiting += got ? 0 : 1;
            taken.merge(who, got ? 1 : 0, Integer::sum);
          }
        }
        default -> {
          var share = open.computeIfAbsent(who, _ -> new ArrayDeque<>()).peek();
          if (share != null && taken.getOrDefault(who, 0) > 0) {
            taken.merge(who, -1, Integer::sum);
            share.give(chunk);
            require(woken[0] == waiting, "all who wait are woken");
          } else if (share != null) {
            share.close();
            open.getOrDefault(who, new ArrayDeque<>()).pop();
          }
        }
      }
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("not as the model: " + what);
    }
  }
}
