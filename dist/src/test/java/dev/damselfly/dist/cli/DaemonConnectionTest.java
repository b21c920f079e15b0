package dev.damselfly.dist.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a command hears from a daemon that ends the connection early.
@NullMarked
class DaemonConnectionTest {
  @TempDir private Path directory;
  private Path socket = Path.of("/nowhere");

  @BeforeEach
  void name() {
    socket = directory.resolve("d.sock");
  }

  private static LocalRequest.Builder status() {
    return LocalRequest.newBuilder().setStatus(StatusRequest.getDefaultInstance());
  }

  @Test
  void refusalBeforeTheRequestWasRead_isHeard() throws Exception {
    var refusal = LocalReply.newBuilder().setFailure(Failure.newBuilder().setReason("CALLER_NOT_ALLOWED")).build();
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      try (var connection = DaemonConnection.open(socket)) {
        try (SocketChannel accepted = server.accept()) {
          accepted.write(LocalProtocol.encode(refusal));
        }

        connection.send(status());

        assertThat(connection.receive()).isEqualTo(refusal);
      }
    }
  }

  @Test
  void endWithoutAWord_isAFailure() throws Exception {
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      try (var connection = DaemonConnection.open(socket)) {
        server.accept().close();

        connection.send(status());

        assertThatThrownBy(connection::receive).isInstanceOf(IOException.class);
      }
    }
  }
}
