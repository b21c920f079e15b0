package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import io.netty.buffer.PooledByteBufAllocator;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class SiteMemoryTest {
  private static final int ANSWERS = 1000;
  private static final long ROOM = 16L << 20; // one buffer that is lost per answer would be 64 MiB

  @Test
  @Threat({"F-35", "B-12"})
  void answersThatArePassedOn_giveTheirMemoryBack() {
    var desk = ProxyDesk.guarded(_ -> {});
    byte[] request =
        ("GET http://files.test/f HTTP/1.1\r\nHost: files.test\r\nProxy-Authorization: " + ProxyDesk.CALLER + "\r\n\r\n").getBytes(US_ASCII);
    assertThat(new String(desk.answer(request, 200, "").head(), US_ASCII)).startsWith("HTTP/1.1 200 ");
    assertThat(desk.asked()).isNotEmpty();
    long before = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();

    for (int i = 0; i < ANSWERS; i++) {
      desk.answer(request, 200, "");
    }

    assertThat(PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory()).isLessThan(before + ROOM);
  }
}
