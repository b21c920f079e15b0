package dev.damselfly.fuzz;

import dev.damselfly.peer.store.RecordedStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.transfer.FrameCutter;
import dev.damselfly.peer.transfer.Frames;
import dev.damselfly.peer.transfer.ParentLink;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// A download from one parent that says and does what the script wants: each request ends once, with the origin's bytes
/// or with an error; no byte is written outside the place of a piece that was asked for; a parent that sent wrong bytes
/// is on record, one that only told the truth is not blamed.
public final class DownloadSessionFuzz implements Target {
  private static final RecordedStore STORE = PieceCast.store();
  private static final StoredTask TASK = STORE.task("file");

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new DownloadSessionFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new DownloadSessionFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    var script = new Script(input);
    try (var parent = new DownloadScript(STORE, TASK)) {
      for (int i = 0; i < 80 && script.hasNext(); i++) {
        parent.step(script);
      }
      parent.end();
      if (parent.received() > 0) {
        Accepted.yes();
      } else {
        Accepted.no();
      }
    }
  }

  @Override
  public int changesPerSeed() {
    return 15;
  }

  @Override
  public String name() {
    return "download-session";
  }

  @Override
  public String oracle() {
    return "each request ends once, in origin bytes or an error; writes only in the own range; wrong bytes are blamed";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(ParentLink.class, FrameCutter.class, Frames.class);
  }

  /// Honest downloads of one to eight pieces, each with a lie of another kind somewhere.
  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < 40; i++) {
      var random = new Random(i);
      var out = new ByteArrayOutputStream();
      int pieces = 1 + i % PieceCast.PIECES;
      out.writeBytes(new byte[] {1, 0});
      for (int n = 0; n < pieces; n++) {
        out.writeBytes(new byte[] {0, (byte) n});
      }
      for (int n = 0; n < pieces; n++) {
        if (i >= 8 && n == i % pieces) {
          out.writeBytes(new byte[] {(byte) (i % 14), (byte) random.nextInt(256), (byte) random.nextInt(256), (byte) i, 0});
        }
        out.writeBytes(new byte[] {3, (byte) (i % 3 * 5)});
        if (n % 2 == 1) {
          out.write(11);
        }
      }
      seeds.add(out.toByteArray());
    }
    return seeds;
  }
}
