package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/// Two unmodified upstream daemons in a cluster of ours with two peers, for all tests of a class; nginx is the origin.
@NullMarked
@Tag("real")
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class UpstreamPair {
  private final boolean seed;
  Path home = Path.of("/nowhere");
  Nginx origin;
  LegacyCluster legacy;
  Dfdaemon one;
  Dfdaemon other;

  /// @param seed the cluster has a seed peer, too
  UpstreamPair(boolean seed) {
    this.seed = seed;
  }

  @BeforeAll
  void start() throws Exception {
    Dfdaemon.require();
    home = Files.createTempDirectory("df");
    origin = Nginx.start(home.resolve("n"), "");
    legacy = LegacyCluster.start(home, List.of("p1", "p2"), seed);
    one = legacy.daemon("u1", Map.of());
    other = legacy.daemon("u2", Map.of());
  }

  @AfterAll
  void stop() throws IOException {
    if (legacy != null) {
      legacy.close();
    }
    if (origin != null) {
      origin.close();
    }
    Homes.delete(home);
  }
}
