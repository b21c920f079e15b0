package dev.damselfly.peer.upload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.identity.SpiffeId;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// Two chunks for one identity, three for all.
@NullMarked
class SharesTest {
  private static final int CHUNK = Sending.CHUNK;
  private static final Duration TIME = Duration.ofSeconds(1);

  private final Shares shares = new Shares(new UploadLimits(2, 4, 1, 2L * CHUNK, 3L * CHUNK, TIME, TIME, TIME));
  private final AtomicInteger woken = new AtomicInteger();

  private Shares.Share join(String name) {
    return shares.join(SpiffeId.parse("spiffe://td.test/damselfly/peer/c1/" + name)).orElseThrow();
  }

  private boolean take(Shares.Share share) {
    return share.take(CHUNK, woken::incrementAndGet);
  }

  @Test
  @Threat({"B-12", "F-16"})
  void identity_hasItsShareAndOthersTheRest() {
    Shares.Share greedy = join("greedy");
    Shares.Share modest = join("modest");

    assertThat(take(greedy)).isTrue();
    assertThat(take(greedy)).isTrue();
    assertThat(take(greedy)).isFalse();
    assertThat(take(modest)).isTrue();
  }

  @Test
  @Threat("B-12")
  void identities_togetherHaveWhatTheProcessHas_andWaitForWhatIsGivenBack() {
    Shares.Share one = join("one");
    Shares.Share two = join("two");
    take(one);
    take(one);
    take(two);

    assertThat(take(two)).isFalse();
    assertThat(woken).hasValue(0);
    one.give(CHUNK);

    assertThat(woken).hasValue(1);
    assertThat(take(two)).isTrue();
  }

  @Test
  @Threat("B-12")
  void connections_ofOneIdentityShareItsBytes() {
    Shares.Share first = join("same");
    Shares.Share second = join("same");
    take(first);
    take(first);

    assertThat(take(second)).isFalse();
  }
}
