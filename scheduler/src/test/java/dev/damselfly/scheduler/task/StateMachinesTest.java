package dev.damselfly.scheduler.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every event in every state, against tables that are written out a second time, row by row.
@NullMarked
@Threat("S-SCH-8")
class StateMachinesTest {
  // columns: Pending ReceivedEmpty ReceivedTiny ReceivedSmall ReceivedNormal Running BackToSource Succeeded Failed Leave
  private static final Map<PeerEvent, String> PEER =
      new EnumMap<>(
          Map.of(
              PeerEvent.REGISTER_EMPTY, "ReceivedEmpty - - - - - - - - -",
              PeerEvent.REGISTER_TINY, "ReceivedTiny - - - - - - - - -",
              PeerEvent.REGISTER_SMALL, "ReceivedSmall - - - - - - - - -",
              PeerEvent.REGISTER_NORMAL, "ReceivedNormal - - - - - - - - -",
              PeerEvent.DOWNLOAD, "- Running Running Running Running - - - - -",
              PeerEvent.DOWNLOAD_BACK_TO_SOURCE,
                  "- BackToSource BackToSource BackToSource BackToSource BackToSource - - - -",
              PeerEvent.DOWNLOAD_SUCCEEDED,
                  "- Succeeded Succeeded Succeeded Succeeded Succeeded Succeeded - - -",
              PeerEvent.DOWNLOAD_FAILED, "Failed Failed Failed Failed Failed Failed Failed Failed - -",
              PeerEvent.LEAVES, "Leave Leave Leave Leave Leave Leave Leave Leave Leave -"));

  // columns: Pending Running Succeeded Failed Leave
  private static final Map<TaskEvent, String> TASK =
      new EnumMap<>(
          Map.of(
              TaskEvent.DOWNLOAD, "Running - Running Running Running",
              TaskEvent.DOWNLOAD_SUCCEEDED, "- Succeeded - Succeeded Succeeded",
              TaskEvent.DOWNLOAD_FAILED, "- Failed - - -",
              TaskEvent.LEAVES, "Leave Leave Leave Leave -"));

  @ParameterizedTest
  @EnumSource(PeerEvent.class)
  void peerEvent_leadsWhereTheTableSays(PeerEvent event) {
    String[] row = String.valueOf(PEER.get(event)).split(" ");

    assertThat(row).hasSize(PeerState.values().length);
    int column = 0;
    for (PeerState state : PeerState.values()) {
      assertThat(event.from(state).map(PeerState::wire)).as("%s in %s", event, state).isEqualTo(cell(row[column++]));
    }
  }

  @ParameterizedTest
  @EnumSource(TaskEvent.class)
  void taskEvent_leadsWhereTheTableSays(TaskEvent event) {
    String[] row = String.valueOf(TASK.get(event)).split(" ");

    assertThat(row).hasSize(TaskState.values().length);
    int column = 0;
    for (TaskState state : TaskState.values()) {
      assertThat(event.from(state).map(TaskState::wire)).as("%s in %s", event, state).isEqualTo(cell(row[column++]));
    }
  }

  @Test
  void onlyRunningBackToSourceAndSucceeded_areAvailable() {
    assertThat(java.util.Arrays.stream(PeerState.values()).filter(PeerState::isAvailable))
        .containsExactly(PeerState.RUNNING, PeerState.BACK_TO_SOURCE, PeerState.SUCCEEDED);
  }

  private static Optional<String> cell(String text) {
    return text.equals("-") ? Optional.empty() : Optional.of(text);
  }
}
