package dev.damselfly.scheduler.parent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostLoad;
import dev.damselfly.scheduler.task.PeerState;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NullMarked
class EvaluatorTest {
  private static final Offset<Double> EXACT = within(1e-9);

  @ParameterizedTest
  @CsvSource({"0, 0, 0", "1000, 0, 1", "1000, 250, 0.75", "1000, 1000, 0", "1000, 2000, 0"})
  void peakBandwidth_isTheFreeShare(long max, long used, double expected) {
    assertThat(Evaluator.peakBandwidth(max, used)).isCloseTo(expected, EXACT);
  }

  @ParameterizedTest
  @CsvSource({"0, 5, 0", "800, 0, 1", "800, 3000, 0.5", "800, 6000, 0", "800, 60000, 0"})
  void bandwidthDuration_isTheFreeShareOfAMinute(long max, long content, double expected) {
    assertThat(Evaluator.bandwidthDuration(max, content)).isCloseTo(expected, EXACT);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0", "134217728, 0, 0", "268435456, 0, 1", "268435456, 2, 1", "268435456, 4, 0.5", "268435456, 8, 0.25"
  })
  void concurrency_fallsOnceMoreIsPromisedThanNeeded(long max, long slots, double expected) {
    assertThat(Evaluator.concurrency(max, slots)).isCloseTo(expected, EXACT);
  }

  @ParameterizedTest
  @CsvSource({"A, a, 1", "a, b, 0", "'', '', 0", "a, '', 0", "'', a, 0"})
  void idc_isEqualOrNothing(String child, String parent, double expected) {
    assertThat(Evaluator.idc(child, parent)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "'', a, 0", "a|b, A|B, 1", "a|b|c, a|b|d, 0.4", "a, b, 0", "a|x, a, 0.2", "a|b|c|d|e|f, a|b|c|d|e|g, 1"
  })
  void location_countsEqualLeadingElements(String child, String parent, double expected) {
    assertThat(Evaluator.location(child, parent)).isCloseTo(expected, EXACT);
  }

  @Test
  void hostType_prefersSeedsThatFetchNow() {
    assertThat(Evaluator.hostType(true, PeerState.RUNNING)).isEqualTo(1);
    assertThat(Evaluator.hostType(true, PeerState.RECEIVED_NORMAL)).isEqualTo(1);
    assertThat(Evaluator.hostType(true, PeerState.SUCCEEDED)).isEqualTo(0);
    assertThat(Evaluator.hostType(false, PeerState.RUNNING)).isEqualTo(0.5);
  }

  @Test
  void score_weighsItsParts() {
    var child = new Host.Facts("c", false, true, "idc", "x|y", 0);
    var parent = new Host.Facts("p", false, true, "IDC", "x|z", 268_435_456);

    Score score = Evaluator.score(child, parent, new HostLoad(1, 0, 1, 134_217_728, 4, 0), PeerState.RUNNING);

    // load 0.5*0.5 + 0.3*1 + 0.2*0.5 = 0.65
    assertThat(score.total()).isCloseTo(0.6 * 0.65 + 0.2 * 1 + 0.1 * 0.2 + 0.1 * 0.5, EXACT);
    assertThat(score).hasToString("score 0.660: load 0.650, idc 1.000, location 0.200, host type 0.500");
  }
}
