package dev.damselfly.fuzz;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.store.Claim;
import dev.damselfly.peer.store.RecordedStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.transfer.FrameCutter;
import dev.damselfly.peer.upload.SessionBench;
import dev.damselfly.peer.upload.UploadLimits;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// The plain piece listener under bytes of a child without an identity, cut where the script wants: what leaves is
/// well-formed and holds only bytes of public tasks; at the end all memory is given back.
public final class LegacySessionFuzz implements Target {
  private static final Caller CHILD =
      new LegacyCallers(
              new LegacyCallers.Place(new TrustDomain("test.example"), "c1"), List.of(Cidr.parse("127.0.0.0/8")))
          .admit(new InetSocketAddress("127.0.0.1", 4000))
          .orElseThrow();
  private static final RecordedStore STORE = PieceCast.store();
  private static final List<StoredTask> TASKS = List.of(filled("file", false), filled("more", false), filled("hidden", true));
  private static final int[] MILLIS = {100, 4900, 5100, 29_000, 38_000};

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new LegacySessionFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new LegacySessionFuzz().run(input);
  }

  private static StoredTask filled(String name, boolean restricted) {
    StoredTask task = STORE.task(name, restricted);
    for (int number = 0; number < PieceCast.PIECES - 1; number++) { // the last is not held
      if (task.claim(new PieceNumber(number)) instanceof Claim.Mine(var piece)) {
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
    byte[] sent;
    try (var bench = SessionBench.plain(STORE.store(), UploadLimits.standard(), CHILD)) {
      for (int i = 0; i < 80 && script.hasNext(); i++) {
        step(script, bench);
        Script.check(bench.waiting() <= 64, "work piles up");
      }
      bench.work(Integer.MAX_VALUE);
      bench.end();
      Script.check(bench.gaveAllBack(), "bytes in flight after the end");
      sent = bench.sent();
    }
    if (UploadReader.readPlain(sent, "file", "more")) {
      Accepted.yes();
    } else {
      Accepted.no();
    }
  }

  private static void step(Script script, SessionBench bench) {
    switch (script.next(8)) {
      case 0, 1 -> {
        String task = TASKS.get(script.next(TASKS.size())).id().value();
        deliver(bench, RawFrames.request(task, script.next(PieceCast.PIECES + 1)), script.next(64));
      }
      case 2 -> deliver(bench, RawFrames.request("0".repeat(64), script.next(3)), 0);
      case 3 -> deliver(bench, script.take(1 + script.next(80)), script.next(8));
      case 4 -> bench.advance(MILLIS[script.next(MILLIS.length)]);
      case 5 -> bench.hangUp();
      default -> bench.work(1 + script.next(8));
    }
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
    return "legacy-session";
  }

  @Override
  public String oracle() {
    return "only answers that children know; only bytes of public tasks; all memory given back";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(FrameCutter.class, SessionBench.class);
  }

  /// Requests of each task, and more and more noise between.
  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < 30; i++) {
      var random = new Random(i);
      var out = new ByteArrayOutputStream();
      for (int n = 0; n < 1 + i % 6; n++) {
        out.writeBytes(new byte[] {0, (byte) (i % TASKS.size()), (byte) n, (byte) (i % 5 * 7), 7, (byte) (i % 8)});
        if (i >= 15) {
          out.writeBytes(new byte[] {(byte) random.nextInt(8), (byte) random.nextInt(256), (byte) random.nextInt(256)});
        }
      }
      out.writeBytes(new byte[] {4, (byte) i, 7, 7});
      seeds.add(out.toByteArray());
    }
    return seeds;
  }
}
