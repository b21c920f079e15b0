package dev.damselfly.fuzz;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.store.RecordedStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.Random;

/// Identities, a store and pieces with known bytes for the targets of the piece protocol.
final class PieceCast {
  static final int PIECES = 8;
  static final SpiffeId CHILD = peer("child");
  static final SpiffeId OTHER = peer("other");

  private PieceCast() {}

  static SpiffeId peer(String name) {
    return SpiffeId.parse("spiffe://test.example/damselfly/peer/c1/" + name);
  }

  static Caller caller(SpiffeId id) {
    var from = new InetSocketAddress("127.0.0.1", 4000);
    return new Caller(id, Role.PEER, Optional.of("c1"), "child", Instant.MAX, from);
  }

  /// Bytes of a piece: every task and number has its own, none shorter than a marker that tells tasks apart.
  static byte[] bytes(String task, int number) {
    byte[] bytes = new byte[40 + 61 * number];
    new Random(task.hashCode() * 31L + number).nextBytes(bytes);
    return bytes;
  }

  static Attestation attested(String task, int number) {
    byte[] bytes = bytes(task, number);
    var sha256 = Sha256.of(Sha256.newDigest().digest(bytes));
    return new Attestation(new PieceNumber(number), bytes.length, sha256, peer("seed").toString(), 1);
  }

  static RecordedStore store() {
    try {
      Path directory = Files.createTempDirectory("piece-fuzz");
      var recorded = new RecordedStore(directory);
      Runtime.getRuntime()
          .addShutdownHook(
              Thread.ofPlatform()
                  .unstarted(
                      () -> {
                        recorded.close();
                        delete(directory);
                      }));
      return recorded;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void delete(Path directory) {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
