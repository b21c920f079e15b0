package dev.damselfly.authz.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class LimitersTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // a nano clock may wrap

  @Test
  void bucket_givesABurstOfOneSecondThenTheRate() {
    var bucket = new TokenBucket(4, nanos::get);

    for (int i = 0; i < 4; i++) {
      assertThat(bucket.tryTake()).isTrue();
    }
    assertThat(bucket.tryTake()).isFalse();
    assertThat(bucket.untilNext().toMillis()).isEqualTo(250);

    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(250));
    assertThat(bucket.tryTake()).isTrue();
    assertThat(bucket.tryTake()).isFalse();
  }

  @Property(tries = 200)
  void bucket_neverGivesMoreThanBurstAndRate(@ForAll @IntRange(min = 1, max = 1000) int rate, @ForAll @IntRange(max = 5000) int millis) {
    var bucket = new TokenBucket(rate, nanos::get);
    long taken = 0;

    for (int i = 0; i <= millis; i += 7) {
      nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(7));
      while (bucket.tryTake()) {
        taken++;
      }
    }

    assertThat(taken).isLessThanOrEqualTo(rate + rate * (millis + 14L) / 1000 + 1);
  }

  @Test
  @Threat({"F-17", "S-SCH-12"})
  void perIdentity_isBoundedAndKeepsThoseAtWork() {
    var limiters = new PerIdentity<String, TokenBucket>(2, id -> new TokenBucket(1, nanos::get), TokenBucket::isFull);
    assertThat(limiters.use("busy", TokenBucket::tryTake)).contains(true);
    limiters.use("idle", TokenBucket::isFull);

    assertThat(limiters.use("third", TokenBucket::isFull)).isPresent();
    assertThat(limiters.size()).isEqualTo(2);
    assertThat(limiters.use("third", TokenBucket::tryTake)).contains(true);
    assertThat(limiters.use("fourth", TokenBucket::isFull)).isEmpty();
    assertThat(limiters.use("busy", TokenBucket::tryTake)).contains(false);
  }
}
