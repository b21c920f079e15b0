package dev.damselfly.peer.download;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.peer.origin.ScriptedOrigin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A session whose callers are gone is over: it costs nothing, and spares nobody the question to the origin.
@NullMarked
@Timeout(30)
@Threat("F-35")
class SessionEndTest {
  private static final byte[] CONTENT = new byte[4711];

  private final LegacyLab lab;

  SessionEndTest(@TempDir Path directory) throws IOException {
    lab = new LegacyLab(directory, ScriptedOrigin.start(ScriptedOrigin.serving(CONTENT, "\"v1\"")), 4001, List.of());
  }

  @AfterEach
  void close() throws Exception {
    lab.close();
  }

  private void awaitNone() {
    while (lab.downloads.active() > 0) {
      assertThat(Thread.interrupted()).as("out of time: a session stays").isFalse();
      Thread.onSpinWait();
    }
  }

  @Test
  void callerThatGoesAwayWhileNothingIsRead_leavesNoSession() {
    var heard = lab.get(lab.asked().setDisableBackToSource(true));
    heard.handle.orElseThrow().close();

    awaitNone();
  }

  @Test
  void callerThatNobodyCanServe_leavesNoSession_evenIfItKeepsItsHold() throws InterruptedException {
    var heard = lab.get(lab.asked().setDisableBackToSource(true));

    assertThat(heard.refused()).isEqualTo(Reason.BACKEND_DOWN);
    awaitNone();
  }

  @Test
  void callerThatIsServed_leavesNoSession_evenIfItKeepsItsHold() throws Exception {
    var heard = lab.get(lab.asked());

    assertThat(heard.content()).isEqualTo(CONTENT);
    awaitNone();
  }
}
