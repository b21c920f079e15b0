package dev.damselfly.peer.download;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;

/// Which piece to ask of which parent. Pure functions over a snapshot.
///
/// Rarest first among what parents hold, random among equals, so that members hold different pieces soon and none
/// gets scarce. Few requests per parent, in proportion to its measured rate; none queued behind a slow parent when
/// little is left.
final class PieceChooser {
  /// Requests on a link that is as fast as the fastest.
  static final int MAX_SLOTS = 8;

  /// Requests on a link whose rate is unknown.
  static final int FIRST_SLOTS = 2;

  /// Requests that wait at a parent are worth this much of its time: a piece that waits there longer could meanwhile
  /// come to another member, and from there to this one.
  private static final double QUEUE_SECONDS = 0.5;

  /// Candidates looked at for one choice: bounds the work for very long content.
  static final int MAX_LOOKED_AT = 4096;

  /// A parent is slow below this share of the fastest one's rate.
  private static final int SLOW_SHARE = 8;

  private PieceChooser() {}

  /// A parent as it is now.
  ///
  /// @param have pieces it says it holds
  /// @param inFlight requests without an answer
  /// @param rate bytes per second, 0 while unknown
  record ParentView(BitSet have, int inFlight, long rate) {}

  /// Ask this parent for this piece.
  record Pick(int parent, int piece) {}

  /// Fills the free places of all parents, the emptiest parent first.
  ///
  /// @param askable missing pieces whose digest is attested
  /// @param pieceLength bytes of a piece
  static List<Pick> choose(BitSet askable, List<ParentView> parents, long pieceLength, RandomGenerator random) {
    var left = (BitSet) askable.clone();
    int[] load = parents.stream().mapToInt(ParentView::inFlight).toArray();
    int[] slots = slots(parents, left, pieceLength);
    var picks = new ArrayList<Pick>();
    boolean progress = true;
    while (progress && !left.isEmpty()) {
      progress = false;
      for (int parent : byLoad(load)) {
        if (load[parent] >= slots[parent]) {
          continue;
        }
        OptionalInt piece = rarest(left, parents, parent, random);
        if (piece.isPresent()) {
          picks.add(new Pick(parent, piece.getAsInt()));
          left.clear(piece.getAsInt());
          load[parent]++;
          progress = true;
        }
      }
    }
    return picks;
  }

  /// Places per parent. When little is left nobody queues more than a fair share, and slow parents nothing.
  static int[] slots(List<ParentView> parents, BitSet left, long pieceLength) {
    long fastest = 0;
    int busy = 0;
    for (ParentView parent : parents) {
      fastest = Math.max(fastest, parent.rate());
      busy += parent.inFlight();
    }
    int count = left.cardinality();
    int fair = parents.isEmpty() ? 0 : Math.max(1, Math.ceilDiv(count + busy, parents.size()));
    int[] slots = new int[parents.size()];
    for (int i = 0; i < slots.length; i++) {
      long rate = parents.get(i).rate();
      int byRate = rate == 0 || fastest == 0 ? FIRST_SLOTS : byRate(rate, fastest, pieceLength);
      boolean slow = rate > 0 && rate < fastest / SLOW_SHARE;
      slots[i] = slow && count < parents.size() ? 0 : Math.min(byRate, fair);
    }
    askSlowOnes(slots, left, parents);
    return slots;
  }

  /// A slow parent is still asked for what no better one holds: else nobody is, and the piece never comes.
  private static void askSlowOnes(int[] slots, BitSet left, List<ParentView> parents) {
    var uncovered = (BitSet) left.clone();
    for (int i = 0; i < slots.length; i++) {
      if (slots[i] > 0) {
        uncovered.andNot(parents.get(i).have());
      }
    }
    for (int i = 0; i < slots.length; i++) {
      if (slots[i] == 0 && parents.get(i).inFlight() == 0 && parents.get(i).have().intersects(uncovered)) {
        slots[i] = 1;
        uncovered.andNot(parents.get(i).have());
      }
    }
  }

  /// One piece on its way, and what the parent sends in a short time behind it.
  private static int byRate(long rate, long fastest, long pieceLength) {
    int ofFastest = Math.clamp(Math.round((double) MAX_SLOTS * rate / fastest), 1, MAX_SLOTS);
    int queued = (int) Math.ceil(Math.min(MAX_SLOTS, rate * QUEUE_SECONDS / pieceLength));
    return Math.min(ofFastest, 1 + queued);
  }

  /// Positions, the smallest load first; equals in their order.
  private static int[] byLoad(int[] load) {
    int[] order = new int[load.length];
    for (int i = 0; i < load.length; i++) {
      int at = i;
      while (at > 0 && load[order[at - 1]] > load[i]) {
        order[at] = order[at - 1];
        at--;
      }
      order[at] = i;
    }
    return order;
  }

  private static OptionalInt rarest(BitSet left, List<ParentView> parents, int parent, RandomGenerator random) {
    BitSet have = parents.get(parent).have();
    int top = Math.min(left.length(), have.length());
    if (top == 0) {
      return OptionalInt.empty();
    }
    int start = random.nextInt(top);
    int best = -1;
    int fewest = Integer.MAX_VALUE;
    int equals = 0;
    int looked = 0;
    for (int piece = next(left, have, start, top); piece >= 0 && looked < MAX_LOOKED_AT; piece = after(left, have, piece, start, top)) {
      looked++;
      int holders = holders(parents, piece);
      if (holders < fewest) {
        fewest = holders;
        equals = 0;
      }
      if (holders == fewest && random.nextInt(++equals) == 0) {
        best = piece;
      }
    }
    return best < 0 ? OptionalInt.empty() : OptionalInt.of(best);
  }

  /// First common piece from `start` to the top, then from 0 to `start`; -1 when there is none.
  private static int next(BitSet left, BitSet have, int start, int top) {
    int piece = common(left, have, start, top);
    return piece >= 0 ? piece : common(left, have, 0, start);
  }

  private static int after(BitSet left, BitSet have, int piece, int start, int top) {
    if (piece >= start) {
      int further = common(left, have, piece + 1, top);
      return further >= 0 ? further : common(left, have, 0, start);
    }
    return common(left, have, piece + 1, start);
  }

  private static int common(BitSet left, BitSet have, int from, int to) {
    int piece = from;
    while (piece < to) {
      int a = left.nextSetBit(piece);
      if (a < 0 || a >= to) {
        return -1;
      }
      int b = have.nextSetBit(a);
      if (b == a) {
        return a;
      }
      if (b < 0) {
        return -1;
      }
      piece = b;
    }
    return -1;
  }

  private static int holders(List<ParentView> parents, int piece) {
    int count = 0;
    for (ParentView parent : parents) {
      count += parent.have().get(piece) ? 1 : 0;
    }
    return count;
  }

  /// A piece that an idle parent would send much sooner than the one that was asked for it.
  ///
  /// @param outstanding pieces asked of each parent, in the order of the requests
  /// @param pieceLength bytes of a piece
  /// @return the last such piece of the parent that keeps its pieces longest, and that parent
  static Optional<Pick> late(List<ParentView> parents, List<List<Integer>> outstanding, long pieceLength) {
    Optional<Pick> worst = Optional.empty();
    double longest = 0;
    for (int slow = 0; slow < parents.size(); slow++) {
      double wait = seconds(parents.get(slow), parents.get(slow).inFlight(), pieceLength);
      for (int piece : outstanding.get(slow)) {
        double other = elsewhere(parents, outstanding, piece, pieceLength);
        if (wait > 3 * other + 0.5 && wait >= longest) {
          longest = wait;
          worst = Optional.of(new Pick(slow, piece));
        }
      }
    }
    return worst;
  }

  private static double elsewhere(List<ParentView> parents, List<List<Integer>> outstanding, int piece, long pieceLength) {
    double best = Double.POSITIVE_INFINITY;
    for (int fast = 0; fast < parents.size(); fast++) {
      ParentView view = parents.get(fast);
      boolean idle = outstanding.get(fast).isEmpty() && view.inFlight() == 0 && view.rate() > 0;
      if (idle && view.have().get(piece)) {
        best = Math.min(best, seconds(view, 1, pieceLength));
      }
    }
    return best;
  }

  private static double seconds(ParentView parent, int pieces, long pieceLength) {
    return parent.rate() == 0 ? 0 : (double) pieces * pieceLength / parent.rate();
  }
}
