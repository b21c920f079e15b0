package dev.damselfly.peer.download;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.origin.OriginRequest;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// What an origin said to one caller's credentials counts for these credentials, this task and a while.
@NullMarked
class DecisionsTest {
  private static final String URL = "http://origin.example/file";
  private static final Duration TTL = Duration.ofMinutes(5);
  private static final ContentFacts FACTS = new ContentFacts(OptionalLong.of(1), 4L << 20, "\"v1\"", "", true);

  private final ManualClock clock = ManualClock.now();
  private final Decisions decisions = new Decisions(TTL, clock);
  private final TaskTuple task = tuple(URL);
  private final OriginRequest mine = request("Bearer mine");

  private static TaskTuple tuple(String url) {
    return TaskTuple.of(Download.newBuilder().setUrl(url).build());
  }

  private static OriginRequest request(String credentials) {
    return new OriginRequest(URL, Map.of("Authorization", credentials));
  }

  @Test
  @Threat({"F-01", "S-DLG-2"})
  void answer_countsForTheCredentialsThatGotIt() {
    decisions.accepted(task, mine, FACTS);

    assertThat(decisions.find(task, mine)).contains(FACTS);
    assertThat(decisions.find(task, request("Bearer other"))).isEmpty();
    assertThat(decisions.find(task, request("Bearer min"))).isEmpty();
    assertThat(decisions.find(task, new OriginRequest(URL, Map.of()))).isEmpty();
    assertThat(decisions.find(tuple(URL + "2"), mine)).isEmpty();
  }

  @Test
  @Threat("F-01")
  void answer_endsWithItsTimeOrWithARefusal() {
    decisions.accepted(task, mine, FACTS);
    clock.advance(TTL.minusSeconds(1));
    assertThat(decisions.find(task, mine)).isPresent();
    clock.advance(Duration.ofSeconds(1));
    assertThat(decisions.find(task, mine)).isEmpty();

    decisions.accepted(task, mine, FACTS);
    decisions.refused(task, mine);

    assertThat(decisions.find(task, mine)).isEmpty();
  }

  /// Credentials are recognised by what a key of this process makes of them: comparing them tells nothing about them, and
  /// neither does the table.
  @Test
  @Threat({"TOB-8", "CVE-2025-59350"})
  void table_holdsNoCredentials() throws Exception {
    var other = new Decisions(TTL, clock);
    for (Decisions each : new Decisions[] {decisions, other}) {
      each.accepted(task, mine, FACTS);
    }

    assertThat(keys(decisions)).hasSize(1).noneMatch(key -> key.contains("mine"));
    assertThat(keys(other)).hasSize(1).doesNotContainAnyElementsOf(keys(decisions));
  }

  private static java.util.Set<String> keys(Decisions of) throws ReflectiveOperationException {
    var table = Decisions.class.getDeclaredField("accepted");
    table.setAccessible(true);
    return ((Map<?, ?>) table.get(of)).keySet().stream().map(String::valueOf).collect(java.util.stream.Collectors.toSet());
  }
}
