package dev.damselfly.dist.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.wire.local.v1.GetStarted;
import dev.damselfly.api.wire.local.v1.Progress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class TextReporterTest {
  private static final long SECOND = 1_000_000_000L;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong();

  private TextReporter reporter(boolean terminal, int width) {
    var reporter = new TextReporter(stream(out), stream(err), terminal, width, nanos::get);
    reporter.started(GetStarted.getDefaultInstance());
    return reporter;
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private void half(TextReporter reporter) {
    for (int second = 1; second <= 4; second++) {
      nanos.addAndGet(SECOND);
      reporter.progress(Progress.newBuilder().setBytesDone(second * (123L << 20)).setBytesTotal(8 * (123L << 20)).setParents(12).build());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 72, 80, 200})
  void bar_leavesRoomForRatePeersAndTime(int width) {
    half(reporter(true, width));

    String shown = err.toString(StandardCharsets.UTF_8);
    String last = shown.substring(shown.lastIndexOf('\r') + 1).replace("\u001b[K", "");
    assertThat(last).contains("50 %", "/s", "12 peers").endsWith(" left");
    assertThat(last.length()).isLessThan(width);
    assertThat(last.startsWith("[")).isEqualTo(width >= 72);
  }

  @Test
  void withoutATerminal_linesArePlain() {
    half(reporter(false, 80));

    assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("\r", "\u001b", "[");
    assertThat(err.toString(StandardCharsets.UTF_8).lines()).hasSize(4).allMatch(line -> line.endsWith(" left"));
    assertThat(out.size()).isZero();
  }

  @Test
  void clear_wipesTheOpenLine() {
    var reporter = reporter(true, 80);
    half(reporter);

    reporter.clear();

    assertThat(err.toString(StandardCharsets.UTF_8)).endsWith("\r\u001b[K");
  }
}
