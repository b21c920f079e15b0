package dev.damselfly.scheduler.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.authz.testing.Leaks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A scheduler that cannot start says why and leaves nothing behind, however far it came.
@NullMarked
@Timeout(240)
class StartFailureTest {
  private static final InetSocketAddress ANYWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final int ATTEMPTS = 4;
  private static final int SPARE_DESCRIPTORS = 3;

  private final RunningScheduler scheduler;

  StartFailureTest() throws IOException {
    scheduler = new RunningScheduler();
  }

  @AfterEach
  void close() {
    scheduler.close();
  }

  private void attempt(SchedulerProcess process, String hop) {
    try (process) {
      assertThatThrownBy(process::start).isInstanceOf(IOException.class).hasMessageContaining(hop);
    }
  }

  @Test
  void portThatIsTaken_isNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getLocalPort());
      String hop = "the gRPC server cannot listen on localhost/127.0.0.1:" + taken.getLocalPort();
      attempt(scheduler.another(address), hop);
      var leaks = Leaks.watch();
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        attempt(scheduler.another(address), hop);
      }

      assertThat(leaks.left(SPARE_DESCRIPTORS)).isEmpty();
    }
  }

  @Test
  void identityOfAnotherRole_isRefused() {
    scheduler.identity.set(scheduler.ca.svid("/damselfly/peer/1/p").snapshot(scheduler.ca.bundles(), 2));

    attempt(scheduler.another(ANYWHERE), "not one of a scheduler");
  }

  @Test
  void processThatRan_leavesNothing() throws Exception {
    run();
    var leaks = Leaks.watch();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      run();
    }

    assertThat(leaks.left(SPARE_DESCRIPTORS)).isEmpty();
  }

  private void run() throws IOException {
    var process = scheduler.another(ANYWHERE);
    process.start();
    process.close();
    process.close();
  }
}
