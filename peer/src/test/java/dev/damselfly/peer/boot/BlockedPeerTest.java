package dev.damselfly.peer.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A peer process, its manager, and the block list between them.
@NullMarked
@Timeout(120)
class BlockedPeerTest {
  private static final ByteString LIST =
      ByteString.copyFromUtf8("{\"block_list\":{\"task\":{\"download\":{\"urls\":[\"^https://registry[.]test/\"]}}}}");
  private static final ByteString UNUSABLE =
      ByteString.copyFromUtf8("{\"block_list\":{\"task\":{\"download\":{\"hosts\":[\"registry.test\"]}}}}");

  private final RunningPeer peer;

  BlockedPeerTest(@TempDir Path directory) throws IOException {
    peer = new RunningPeer(directory);
  }

  @AfterEach
  void close() {
    peer.close();
  }

  /// Starts a process of the same home, asks its mirror, ends it.
  private String answerOfAFreshProcess() throws IOException {
    try (PeerProcess process = peer.withMirror("home", RunningPeer.ANYWHERE)) {
      process.start();
      int port = process.proxyPort().orElseThrow();
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.getOutputStream().write(("GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nConnection: close\r\n\r\n").getBytes(US_ASCII));
        return new String(socket.getInputStream().readAllBytes(), US_ASCII);
      }
    }
  }

  @Test
  @Threat("S-BLK-3")
  void peer_withoutAListItUnderstands_letsNothingThrough() throws IOException {
    peer.clientConfig.set(UNUSABLE);

    assertThat(answerOfAFreshProcess()).startsWith("HTTP/1.1 503").contains("block list");

    peer.clientConfig.set(ByteString.EMPTY);
    assertThat(answerOfAFreshProcess()).startsWith("HTTP/1.1 503").contains("block list");
  }

  @Test
  @Threat("S-BLK-3")
  void peer_keepsTheLastListAcrossStarts() throws IOException {
    peer.clientConfig.set(LIST);
    assertThat(answerOfAFreshProcess()).startsWith("HTTP/1.1 403").contains("(urls)");

    peer.clientConfig.set(UNUSABLE);

    assertThat(answerOfAFreshProcess()).startsWith("HTTP/1.1 403").contains("(urls)");
    assertThat(peer.audit.of(AuditAction.BLOCK_LIST_DENY)).hasSize(2);
  }

  @Test
  void peer_takesTheNewListOfTheManager() throws IOException {
    peer.clientConfig.set(LIST);
    answerOfAFreshProcess();

    peer.clientConfig.set(ByteString.copyFromUtf8("{}"));

    assertThat(answerOfAFreshProcess()).doesNotContain("block list");
  }
}
