package dev.damselfly.dist.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class TellingLoggersTest {
  @Test
  @Threat("F-07")
  void headers_areNotLogged_thoughEverythingElseIs() {
    Logger above = Logger.getLogger("org.apache.hc");
    Level before = above.getLevel();
    above.setLevel(Level.ALL);
    try {
      TellingLoggers.silence();

      assertThat(Logger.getLogger("org.apache.hc.client5.http.headers").isLoggable(Level.INFO)).isFalse();
      assertThat(Logger.getLogger("org.apache.hc.client5.http.wire").isLoggable(Level.INFO)).isFalse();
      assertThat(Logger.getLogger("org.apache.hc.client5.http.impl").isLoggable(Level.FINE)).isTrue();
    } finally {
      above.setLevel(before);
    }
  }
}
