package dev.damselfly.scheduler.parent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostLoad;
import dev.damselfly.scheduler.task.PeerState;
import dev.damselfly.scheduler.task.PieceCosts;
import dev.damselfly.scheduler.task.Prospect;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NullMarked
class ParentSelectionTest {
  private static final Host.Facts CHILD = new Host.Facts("child-host", false, true, "a", "", 0);

  @Test
  void select_takesAParentThatPassesEveryFilter() {
    assertThat(selected(prospect("p", "h", PeerState.SUCCEEDED, 0))).containsExactly("p");
  }

  @Test
  @Threat("S-SCH-7")
  void select_leavesOutWhoIsBlockedUnsharedOnTheSameHostOrCyclic() {
    Prospect good = prospect("p", "h", PeerState.SUCCEEDED, 0);
    var unshared = new Host.Facts("h", false, false, "a", "", 0);

    assertThat(selected(copy(good, good.host(), true, true))).isEmpty();
    assertThat(selected(copy(good, unshared, false, true))).isEmpty();
    assertThat(selected(copy(good, CHILD, false, true))).isEmpty();
    assertThat(selected(copy(good, good.host(), false, false))).isEmpty();
    assertThat(selected(prospect("child", "h", PeerState.SUCCEEDED, 0))).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(PeerState.class)
  void select_wantsAnAvailableParent(PeerState state) {
    assertThat(selected(prospect("p", "h", state, 1)).isEmpty()).isEqualTo(!state.isAvailable());
  }

  @ParameterizedTest
  @EnumSource(PeerState.class)
  void select_servesOnlyAChildThatWaits(PeerState state) {
    var sample = new Prospect.Sample("child", CHILD, state, List.of(prospect("p", "h", PeerState.SUCCEEDED, 0)));

    boolean served = !ParentSelection.select(sample, 3).isEmpty();

    assertThat(served).isEqualTo(state == PeerState.RECEIVED_NORMAL || state == PeerState.RUNNING);
  }

  @Test
  void select_leavesOutANormalRunningPeerWithoutParents() {
    assertThat(selected(prospect("p", "h", PeerState.RUNNING, 0))).isEmpty();
    assertThat(selected(prospect("p", "h", PeerState.RUNNING, 1))).containsExactly("p");
    assertThat(selected(prospect("p", "h", PeerState.BACK_TO_SOURCE, 0))).containsExactly("p");
  }

  @Test
  void select_takesASeedWithoutParents() {
    var seed = new Host.Facts("h", true, true, "a", "", 0);

    assertThat(selected(copy(prospect("p", "h", PeerState.RUNNING, 0), seed, false, true))).containsExactly("p");
  }

  @Test
  void select_ordersByScoreAndCuts() {
    var far = new Host.Facts("far", false, true, "b", "", 0);
    var all = new ArrayList<Prospect>();
    all.add(copy(prospect("far", "far", PeerState.SUCCEEDED, 0), far, false, true));
    for (int i = 0; i < 4; i++) {
      all.add(prospect("near" + i, "h" + i, PeerState.SUCCEEDED, 0));
    }

    var sample = new Prospect.Sample("child", CHILD, PeerState.RUNNING, all);

    assertThat(ParentSelection.select(sample, 3)).extracting(ParentSelection.Choice::peerId)
        .containsExactly("near0", "near1", "near2");
    assertThat(ParentSelection.select(sample, 20)).extracting(ParentSelection.Choice::peerId).endsWith("far");
  }

  @Test
  @Threat("S-SCH-7")
  void isBad_comparesTheLastPieceWithTheEarlierOnes() {
    assertThat(ParentSelection.isBad(PeerState.RUNNING, new PieceCosts.Summary(1, 1e12, 0, 0))).isFalse();
    assertThat(ParentSelection.isBad(PeerState.RUNNING, new PieceCosts.Summary(2, 20, 1, 0))).isFalse();
    assertThat(ParentSelection.isBad(PeerState.RUNNING, new PieceCosts.Summary(2, 20.1, 1, 0))).isTrue();
    assertThat(ParentSelection.isBad(PeerState.RUNNING, new PieceCosts.Summary(2000, 13, 10, 1))).isFalse();
    assertThat(ParentSelection.isBad(PeerState.RUNNING, new PieceCosts.Summary(2000, 13.1, 10, 1))).isTrue();
  }

  private static List<String> selected(Prospect prospect) {
    var sample = new Prospect.Sample("child", CHILD, PeerState.RECEIVED_NORMAL, List.of(prospect));
    return ParentSelection.select(sample, 3).stream().map(ParentSelection.Choice::peerId).toList();
  }

  private static Prospect prospect(String id, String host, PeerState state, int inDegree) {
    var facts = new Host.Facts(host, false, true, "a", "", 0);
    return new Prospect(id, facts, HostLoad.NONE, state, inDegree, PieceCosts.Summary.NONE, false, true);
  }

  private static Prospect copy(Prospect p, Host.Facts host, boolean blocked, boolean edge) {
    return new Prospect(p.peerId(), host, p.load(), p.state(), p.inDegree(), p.costs(), blocked, edge);
  }
}
