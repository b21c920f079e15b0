package dev.damselfly.peer.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.testing.Leaks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A peer that cannot start says why and leaves nothing behind, however far it came.
@NullMarked
@Timeout(240)
class StartFailureTest {
  private static final int ATTEMPTS = 4;
  private static final int SPARE_DESCRIPTORS = 3;

  private final Path directory;
  private final RunningPeer peer;
  private int attempts;

  StartFailureTest(@TempDir Path directory) throws IOException {
    this.directory = directory;
    this.peer = new RunningPeer(directory);
  }

  @AfterEach
  void close() {
    peer.close();
  }

  /// Makes one more process that is not started yet.
  private interface Maker {
    PeerProcess make(String name) throws IOException;
  }

  private void assertFailsCleanly(Maker maker, String hop) throws Exception {
    attempt(maker, hop);
    var leaks = Leaks.watch();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      attempt(maker, hop);
    }
    assertThat(leaks.left(SPARE_DESCRIPTORS)).isEmpty();
  }

  private void attempt(Maker maker, String hop) throws IOException {
    try (PeerProcess process = maker.make("attempt-" + attempts++)) {
      assertThatThrownBy(process::start).isInstanceOf(IOException.class).hasMessageContaining(hop);
    }
  }

  private static InetSocketAddress addressOf(ServerSocket taken) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getLocalPort());
  }

  @Test
  void uploadPortThatIsTaken_isNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertFailsCleanly(
          name -> peer.another(name, addressOf(taken), RunningPeer.ANYWHERE),
          "the gRPC server cannot listen on localhost/127.0.0.1:" + taken.getLocalPort());
    }
  }

  @Test
  void piecePortThatIsTaken_isNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertFailsCleanly(
          name -> peer.another(name, RunningPeer.ANYWHERE, addressOf(taken)),
          "the piece listener cannot listen on localhost/127.0.0.1:" + taken.getLocalPort());
    }
  }

  @Test
  void mirrorPortThatIsTaken_isNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertFailsCleanly(
          name -> peer.withMirror(name, addressOf(taken)),
          "the registry mirror cannot listen on localhost/127.0.0.1:" + taken.getLocalPort());
    }
  }

  @Test
  void mirror_isOffUnlessConfigured() throws Exception {
    try (PeerProcess with = peer.withMirror("with", RunningPeer.ANYWHERE)) {
      with.start();

      assertThat(with.proxyPort()).isPresent();
      assertThat(peer.process.proxyPort()).isEmpty();
    }
  }

  @Test
  void localSocketOfAnotherDaemon_isNamedAndLeftAlone() throws Exception {
    Path socket = directory.resolve("own").resolve("l.sock");

    assertFailsCleanly(
        name -> peer.another(name, RunningPeer.ANYWHERE, RunningPeer.ANYWHERE, peer.managerPort(), socket),
        "another daemon listens on the local socket");

    assertThat(Files.exists(socket)).isTrue();
  }

  @Test
  void storeOfAnotherDaemon_isRefused() throws Exception {
    assertFailsCleanly(_ -> peer.another("own", RunningPeer.ANYWHERE, RunningPeer.ANYWHERE), "store");
  }

  @Test
  void identityOfAnotherRole_isRefused() throws Exception {
    peer.identity.set(peer.ca.svid("/damselfly/manager/m").snapshot(peer.ca.bundles(), 2));

    assertFailsCleanly(
        name -> peer.another(name, RunningPeer.ANYWHERE, RunningPeer.ANYWHERE), "not one of a peer");
  }

  @Test
  @Threat("S-BLK-3")
  void managerThatIsAbsent_isNamed() throws Exception {
    try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      attempt(
          name ->
              peer.another(
                  name, RunningPeer.ANYWHERE, RunningPeer.ANYWHERE, silent.getLocalPort(), directory.resolve(name).resolve("l.sock")),
          "manager");
    }
  }

  @Test
  void schedulerThatComesLater_isAwaited() throws Exception {
    peer.emptyAnswers.set(2);
    try (PeerProcess process = peer.another("early", RunningPeer.ANYWHERE, RunningPeer.ANYWHERE)) {
      process.start();
    }

    assertThat(peer.emptyAnswers).hasValue(0);
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
    var process = peer.withMirror("run-" + attempts++, RunningPeer.ANYWHERE);
    process.start();
    process.close();
    process.close();
  }
}
