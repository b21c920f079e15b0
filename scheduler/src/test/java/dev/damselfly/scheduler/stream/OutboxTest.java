package dev.damselfly.scheduler.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class OutboxTest {
  /// Keeps what is written; ready as often as the test says.
  private static final class Pipe implements Sink<Integer> {
    final List<String> written = new ArrayList<>();
    int room = Integer.MAX_VALUE;

    @Override
    public boolean isReady() {
      return room > 0;
    }

    @Override
    public void next(Integer message) {
      room--;
      written.add(message.toString());
    }

    @Override
    public void complete() {
      written.add("OK");
    }

    @Override
    public void fail(RequestFailure failure) {
      written.add(failure.reason().name());
    }
  }

  private final Pipe pipe = new Pipe();

  @Test
  void messages_areWrittenInOrderAndThenTheEnd() {
    var outbox = new Outbox<>(pipe, 10);
    outbox.put(() -> 1);
    outbox.put(() -> 2);
    outbox.complete();
    outbox.put(() -> 3);
    outbox.fail(new Refused(Reason.WRONG_STATE, "late"));

    outbox.drain();
    outbox.drain();

    assertThat(pipe.written).containsExactly("1", "2", "OK");
  }

  @Test
  @Threat("B-45")
  void slowReader_isEndedAtTheBoundAndNothingMoreIsKept() {
    var outbox = new Outbox<>(pipe, 3);
    pipe.room = 0;
    for (int i = 0; i < 3; i++) {
      int message = i;
      outbox.put(() -> message);
    }
    boolean full = outbox.isEnding();

    outbox.put(() -> 3);
    outbox.drain();

    assertThat(full).isFalse();
    assertThat(outbox.isEnding()).isTrue();
    assertThat(pipe.written).containsExactly(Reason.LIMIT_EXCEEDED.name());
  }

  @Test
  void messages_waitUntilTheTransportIsReady() {
    var outbox = new Outbox<>(pipe, 10);
    pipe.room = 1;
    outbox.put(() -> 1);
    outbox.put(() -> 2);
    outbox.drain();
    var first = List.copyOf(pipe.written);

    pipe.room = 1;
    outbox.drain();

    assertThat(first).containsExactly("1");
    assertThat(pipe.written).containsExactly("1", "2");
  }

  @Test
  void abandoned_writesNothingMore() {
    var outbox = new Outbox<>(pipe, 10);
    outbox.put(() -> 1);

    outbox.abandon();
    outbox.put(() -> 2);
    outbox.complete();
    outbox.drain();

    assertThat(pipe.written).isEmpty();
    assertThat(outbox.isEnding()).isTrue();
  }

  @Test
  void messageThatIsPutWhileOneIsWritten_followsIt() {
    var outbox = new Outbox<>(pipe, 10);
    outbox.put(
        () -> {
          outbox.put(() -> 2);
          outbox.drain(); // returns at once: the outer drain goes on
          return 1;
        });

    outbox.drain();

    assertThat(pipe.written).containsExactly("1", "2");
  }

  @Test
  void transportThatBreaks_endsTheStreamAndNothingElse() {
    var broken =
        new Outbox<Integer>(
            new Sink<>() {
              @Override
              public boolean isReady() {
                return true;
              }

              @Override
              public void next(Integer message) {
                throw new IllegalStateException("call already closed");
              }

              @Override
              public void complete() {}

              @Override
              public void fail(RequestFailure failure) {}
            },
            10);
    broken.put(() -> 1);

    broken.drain();

    assertThat(broken.isEnding()).isTrue();
  }

  /// Against a list: the reader sees a prefix of what was put, then the one end, whatever the order of events.
  @Property(tries = 300)
  void outbox_equalsAListWithABound(@ForAll @Size(max = 60) List<@IntRange(max = 9) Integer> steps) {
    var own = new Pipe();
    own.room = 0;
    var outbox = new Outbox<>(own, 4);
    var waiting = new ArrayList<String>();
    var expected = new ArrayList<String>();
    String end = "";
    int next = 0;
    for (int step : steps) {
      if (step < 5) {
        int message = next++;
        outbox.put(() -> message);
        if (end.isEmpty() && waiting.size() == 4) {
          waiting.clear();
          end = Reason.LIMIT_EXCEEDED.name();
        } else if (end.isEmpty()) {
          waiting.add(Integer.toString(message));
        }
      } else if (step < 9) {
        own.room = step - 5;
        outbox.drain();
        while (own.room >= 0 && !waiting.isEmpty() && expected.size() < own.written.size()) {
          expected.add(waiting.removeFirst());
        }
      } else {
        outbox.complete();
        end = end.isEmpty() ? "OK" : end;
      }
    }
    own.room = Integer.MAX_VALUE;
    outbox.drain();
    expected.addAll(waiting);
    if (!end.isEmpty() && !expected.contains(end)) {
      expected.add(end);
    }

    assertThat(own.written).isEqualTo(expected);
  }

  @Test
  void manyWriters_keepTheirOwnOrder() throws InterruptedException {
    var outbox = new Outbox<>(pipe, 10_000);
    var done = new CountDownLatch(4);
    for (int writer = 0; writer < 4; writer++) {
      int base = writer * 1000;
      Thread.ofVirtual()
          .start(
              () -> {
                for (int i = 0; i < 500; i++) {
                  int message = base + i;
                  outbox.put(() -> message);
                  outbox.drain();
                }
                done.countDown();
              });
    }

    assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
    outbox.drain();

    assertThat(pipe.written).hasSize(2000);
    for (int writer = 0; writer < 4; writer++) {
      int base = writer * 1000;
      assertThat(pipe.written.stream().map(Integer::parseInt).filter(m -> m / 1000 == base / 1000))
          .containsExactlyElementsOf(IntStream.range(base, base + 500).boxed().toList());
    }
  }
}
