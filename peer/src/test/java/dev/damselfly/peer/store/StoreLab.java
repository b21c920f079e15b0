package dev.damselfly.peer.store;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.Random;

/// Material of store tests: tuples, facts, pieces with known bytes.
final class StoreLab {
  static final long PIECE = 4L << 20;
  static final PieceSource.Parent PARENT =
      new PieceSource.Parent("10.0.0.1-a-peer", "spiffe://test.example/damselfly/peer/c/a", "first to have it", "g1");
  static final PieceSource.Origin ORIGIN = new PieceSource.Origin(7);

  private StoreLab() {}

  static StoreConfig config(long quota) {
    return new StoreConfig(quota, 80, 60, Duration.ofDays(30));
  }

  static TaskTuple tuple(String name) {
    return TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/" + name).build());
  }

  static ContentFacts facts(long length) {
    return new ContentFacts(OptionalLong.of(length), PIECE, "\"v1\"", "", true);
  }

  static ContentFacts unknownLength() {
    return new ContentFacts(OptionalLong.empty(), PIECE, "\"v1\"", "", false);
  }

  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static Attestation attested(int number, byte[] bytes) {
    var sha256 = Sha256.of(Sha256.newDigest().digest(bytes));
    return new Attestation(new PieceNumber(number), bytes.length, sha256, "spiffe://test.example/damselfly/seed-peer/c/s", 1);
  }

  static IncomingPiece mine(StoredTask task, int number) {
    return ((Claim.Mine) task.claim(new PieceNumber(number))).piece();
  }

  /// Claims, writes, verifies and commits one piece.
  static PieceRecord put(StoredTask task, int number, byte[] bytes) {
    try (var piece = mine(task, number)) {
      piece.write(ByteBuffer.wrap(bytes));
      var proof = piece.verify(attested(number, bytes), PARENT).orElseThrow();
      task.commit(proof);
      return proof.record();
    }
  }

  static byte[] read(StoredTask task, int number) throws IOException {
    try (var reader = task.read(new PieceNumber(number))) {
      var buffer = ByteBuffer.allocate((int) reader.record().range().length());
      reader.readFully(buffer, reader.record().range().start());
      return buffer.array();
    }
  }

  /// A clock that stands still until moved.
  static final class Clock implements InstantSource {
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public Instant instant() {
      return now;
    }

    void advance(Duration by) {
      now = now.plus(by);
    }
  }
}
