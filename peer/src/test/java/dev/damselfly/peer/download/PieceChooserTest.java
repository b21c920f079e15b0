package dev.damselfly.peer.download;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.peer.download.PieceChooser.ParentView;
import dev.damselfly.peer.download.PieceChooser.Pick;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// Which piece is asked of which parent.
@NullMarked
class PieceChooserTest {
  private static final long PIECE = 4L << 20;

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);

  private static BitSet pieces(int from, int to) {
    var set = new BitSet();
    set.set(from, to);
    return set;
  }

  private static ParentView parent(BitSet have, int inFlight, long rate) {
    return new ParentView(have, inFlight, rate);
  }

  @Test
  void pieceThatOneParentHolds_isAskedBeforeThoseThatAllHold() {
    var few = pieces(0, 10);
    var one = pieces(0, 11);

    List<Pick> picks = PieceChooser.choose(pieces(0, 11), List.of(parent(one, 0, 0), parent(few, 0, 0)), PIECE, random);

    assertThat(picks).contains(new Pick(0, 10));
    assertThat(picks).extracting(Pick::piece).doesNotHaveDuplicates();
  }

  @Test
  void parentThatTakesASecondPerPiece_isAskedForTheNextOnlyWhileOneIsOnItsWay() {
    var parents = List.of(parent(pieces(0, 100), 0, PIECE), parent(pieces(0, 100), 0, PIECE));

    assertThat(PieceChooser.slots(parents, pieces(0, 100), PIECE)).containsExactly(2, 2);
  }

  @Test
  void fastParent_isAskedForManyAtOnce() {
    var parents = List.of(parent(pieces(0, 100), 0, 100 * PIECE));

    assertThat(PieceChooser.slots(parents, pieces(0, 100), PIECE)).containsExactly(PieceChooser.MAX_SLOTS);
  }

  @Test
  void slowParent_getsAShareInProportionToItsRate() {
    var parents = List.of(parent(pieces(0, 100), 0, 100 * PIECE), parent(pieces(0, 100), 0, 25 * PIECE));

    assertThat(PieceChooser.slots(parents, pieces(0, 100), PIECE)).containsExactly(8, 2);
  }

  @Test
  void lastPieces_areNotQueuedBehindASlowParent() {
    var parents = List.of(parent(pieces(0, 100), 0, 100 * PIECE), parent(pieces(0, 100), 0, PIECE));

    assertThat(PieceChooser.slots(parents, pieces(99, 100), PIECE)).containsExactly(1, 0);
  }

  @Test
  void slowParentThatAloneHoldsALastPiece_isAskedStill() {
    var parents = List.of(parent(pieces(0, 99), 0, 100 * PIECE), parent(pieces(0, 100), 0, PIECE));

    assertThat(PieceChooser.choose(pieces(99, 100), parents, PIECE, random)).containsExactly(new Pick(1, 99));
  }

  @Test
  void lastPieceThatOnlySlowParentsHold_isAskedOfOneOfThem() {
    var fast = parent(pieces(0, 99), 0, 100 * PIECE);
    var slow = parent(pieces(0, 100), 0, PIECE);

    List<Pick> picks = PieceChooser.choose(pieces(99, 100), List.of(fast, slow, slow), PIECE, random);

    assertThat(picks).containsExactly(new Pick(1, 99));
  }

  @Test
  void lastPieceOfASlowParent_isTakenAwayForAnIdleOneThatHoldsIt() {
    var slow = parent(pieces(0, 10), 2, PIECE / 4);
    var idle = parent(pieces(0, 10), 0, 10 * PIECE);

    assertThat(PieceChooser.late(List.of(slow, idle), List.of(List.of(7, 3), List.of()), PIECE)).contains(new Pick(0, 3));
  }

  @Test
  void pieceThatIdleParentsDoNotHold_staysWhereItWasAsked() {
    var slow = parent(pieces(0, 10), 2, PIECE / 4);
    var idle = parent(pieces(0, 3), 0, 10 * PIECE);

    assertThat(PieceChooser.late(List.of(slow, idle), List.of(List.of(7, 3), List.of()), PIECE)).isEmpty();
  }

  @Test
  void pieceThatComesAlmostAsSoon_staysWhereItWasAsked() {
    var slower = parent(pieces(0, 10), 2, 5 * PIECE);
    var idle = parent(pieces(0, 10), 0, 10 * PIECE);

    assertThat(PieceChooser.late(List.of(slower, idle), List.of(List.of(7, 3), List.of()), PIECE)).isEmpty();
  }

  @Test
  void parentThatStillSendsWhatWasGivenUp_isNotIdle() {
    var slow = parent(pieces(0, 10), 2, PIECE / 4);
    var busy = parent(pieces(0, 10), 1, 10 * PIECE);

    assertThat(PieceChooser.late(List.of(slow, busy), List.of(List.of(7, 3), List.of()), PIECE)).isEmpty();
  }
}
