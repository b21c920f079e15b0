package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.store.RecordedStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.transfer.FrameCutter;
import dev.damselfly.peer.upload.GrantVerifier;
import dev.damselfly.peer.upload.SessionBench;
import dev.damselfly.peer.upload.UploadLimits;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// The piece listener under bytes of a child with an identity, cut where the script wants: before a good grant nothing
/// leaves but the one refusal; what leaves is well-formed and holds only bytes of the granted task; at the end all
/// memory is given back.
public final class UploadSessionFuzz implements Target {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final TestCa CA = TestCa.root("test.example");
  private static final FixedIdentity SELF = new FixedIdentity(CA.snapshot("/damselfly/peer/c1/parent"));
  private static final GrantMint MINT =
      new GrantMint(SpiffeId.parse("spiffe://test.example/damselfly/scheduler/c1/s"), () -> NOW);
  private static final GrantVerifier VERIFIER =
      new GrantVerifier(SELF, new RoleTemplate(CA.trustDomain()), MINT, () -> NOW, _ -> {});
  private static final RecordedStore STORE = PieceCast.store();
  private static final StoredTask MINE = filled("file");
  private static final StoredTask SECRET = filled("secret");
  private static final List<ByteString> GRANTS =
      List.of(
          MINT.grant(MINE.id(), PieceCast.CHILD, SELF.current().id()),
          MINT.grant(MINE.id(), PieceCast.OTHER, SELF.current().id()),
          MINT.grant(MINE.id(), PieceCast.CHILD, PieceCast.OTHER),
          MINT.grant(SECRET.id(), PieceCast.OTHER, SELF.current().id()),
          MINT.grant(new dev.damselfly.api.id.TaskId("0".repeat(64)), PieceCast.CHILD, SELF.current().id()),
          MINT.sign(MINT.claims(MINE.id(), PieceCast.CHILD, SELF.current().id()).setExpiresAtSeconds(1).build()),
          MINT.sign(MINT.claims(MINE.id(), PieceCast.CHILD, SELF.current().id()).setRestricted(true).build()));
  private static final int[] MILLIS = {100, 4900, 5100, 31_000, 631_000};

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new UploadSessionFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new UploadSessionFuzz().run(input);
  }

  private static StoredTask filled(String name) {
    StoredTask task = STORE.task(name);
    for (int number = 0; number < PieceCast.PIECES - 1; number++) { // the last is not held
      if (task.claim(new dev.damselfly.api.id.PieceNumber(number)) instanceof dev.damselfly.peer.store.Claim.Mine(var piece)) {
        piece.write(ByteBuffer.wrap(PieceCast.bytes(name, number)));
        task.commit(piece.fromOrigin(new PieceSource.Origin(1), "origin.example"));
      }
    }
    task.awaitDurable();
    return task;
  }

  @Override
  public void run(byte[] input) {
    var script = new Script(input);
    SpiffeId identity = script.next(4) == 3 ? PieceCast.OTHER : PieceCast.CHILD;
    var limits = UploadLimits.standard();
    byte[] sent;
    boolean mayBeServed = false;
    try (var bench = new SessionBench(STORE.store(), VERIFIER, limits, _ -> {}, PieceCast.caller(identity))) {
      for (int i = 0; i < 80 && script.hasNext(); i++) {
        mayBeServed |= step(script, bench, identity);
        Script.check(bench.waiting() <= 64, "work piles up");
        if (!mayBeServed) {
          Script.check(UploadReader.isRefusalOrNothing(bench.sent()), "a byte before a good grant");
        }
      }
      bench.work(Integer.MAX_VALUE);
      bench.end();
      Script.check(bench.gaveAllBack(), "bytes in flight after the end");
      sent = bench.sent();
    }
    boolean served = UploadReader.read(sent, identity.equals(PieceCast.CHILD) ? "file" : "secret", "file");
    Script.check(!served || mayBeServed, "served without a grant");
    if (served) {
      Accepted.yes();
    } else {
      Accepted.no();
    }
  }

  /// @return whether the step was a grant that is good for this child
  private static boolean step(Script script, SessionBench bench, SpiffeId identity) {
    switch (script.next(9)) {
      case 0 -> {
        int which = script.next(GRANTS.size());
        deliver(bench, RawFrames.frame(0xd0, GRANTS.get(which).toByteArray()), script.next(64));
        return identity.equals(PieceCast.CHILD) ? which == 0 : which == 1 || which == 3;
      }
      case 1, 2 -> deliver(bench, RawFrames.request(MINE.id().value(), script.next(PieceCast.PIECES + 1)), script.next(64));
      case 3 -> deliver(bench, RawFrames.request(SECRET.id().value(), script.next(PieceCast.PIECES)), 0);
      case 4 -> deliver(bench, script.take(1 + script.next(40)), script.next(8));
      case 5 -> bench.advance(MILLIS[script.next(MILLIS.length)]);
      case 6 -> bench.hangUp();
      default -> bench.work(1 + script.next(8));
    }
    return false;
  }

  private static void deliver(SessionBench bench, byte[] bytes, int split) {
    int step = split == 0 ? bytes.length : split;
    for (int at = 0; at < bytes.length; at += step) {
      bench.receive(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + step)));
    }
  }

  @Override
  public int changesPerSeed() {
    return 15;
  }

  @Override
  public String name() {
    return "upload-session";
  }

  @Override
  public String oracle() {
    return "nothing but one refusal before a good grant; only bytes of the granted task; all memory given back";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(GrantVerifier.class, FrameCutter.class, SessionBench.class);
  }

  /// Each grant with requests of either task, and more and more noise between.
  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < 42; i++) {
      var random = new Random(i);
      var out = new ByteArrayOutputStream();
      out.write(i % 4);
      out.writeBytes(new byte[] {0, (byte) (i % GRANTS.size()), (byte) (i % 5 * 7), 8, 7});
      for (int n = 0; n < 1 + i % 6; n++) {
        out.writeBytes(new byte[] {1, (byte) n, (byte) (i % 3), 8, (byte) (i % 8)});
        if (i >= 21) {
          out.writeBytes(new byte[] {(byte) random.nextInt(9), (byte) random.nextInt(256), (byte) random.nextInt(256)});
        }
      }
      out.writeBytes(new byte[] {3, (byte) i, 8, 7});
      seeds.add(out.toByteArray());
    }
    return seeds;
  }
}
