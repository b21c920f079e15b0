package dev.damselfly.manager.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.Leaks;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.manager.fixture.TestManager;
import dev.damselfly.manager.store.DatabaseLocation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A manager that cannot start says why and leaves nothing behind, however far it came.
@NullMarked
@Timeout(240)
class StartFailureTest {
  private static final int ATTEMPTS = 3;
  private static final int SPARE_DESCRIPTORS = 3;

  private final TestCa ca = TestCa.root("test.example");
  private final MemoryAudit audit = new MemoryAudit();
  private final Path directory;

  StartFailureTest(@TempDir Path parent) {
    directory = parent.resolve("db");
  }

  private ManagerProcess process(int port) {
    var config =
        new ManagerConfig(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
            new DatabaseLocation.Directory(directory),
            List.of(TestManager.cluster("east")),
            List.of());
    var identity = new FixedIdentity(ca.snapshot("/damselfly/manager/m"));
    return new ManagerProcess(config, identity, new RoleTemplate(ca.trustDomain()), audit, InstantSource.system());
  }

  private void attempt(int port) {
    try (var process = process(port)) {
      assertThatThrownBy(process::start)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("the gRPC server cannot listen on localhost/127.0.0.1:" + port);
    }
  }

  @Test
  void portThatIsTaken_isNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      attempt(taken.getLocalPort());
      var leaks = Leaks.watch();
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        attempt(taken.getLocalPort());
      }

      assertThat(leaks.left(SPARE_DESCRIPTORS)).isEmpty();
      assertThat(audit.of(AuditAction.PROCESS_STOP)).hasSize(ATTEMPTS + 1);
    }
  }

  @Test
  @Threat("F-35")
  void processThatRan_leavesNothing() throws Exception {
    run();
    var leaks = Leaks.watch();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      run();
    }

    assertThat(leaks.left(SPARE_DESCRIPTORS)).isEmpty();
  }

  private void run() throws IOException {
    var process = process(0);
    process.start();
    process.close();
    process.close();
  }
}
