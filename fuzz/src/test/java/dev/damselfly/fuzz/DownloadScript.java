package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.store.Claim;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.RecordedStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.store.VerifiedPiece;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.transfer.LinkBench;
import dev.damselfly.peer.transfer.ParentLink;
import dev.damselfly.peer.transfer.ParentRef;
import dev.damselfly.peer.transfer.TransferLimits;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// One link under a script: the parent of the script, the consumer, and what must hold of both.
final class DownloadScript implements ParentLink.Listener, AutoCloseable {
  private static final int[] MILLIS = {100, 900, 2600, 5100, 11_000};

  private final RecordedStore store;
  private final StoredTask task;
  private final LinkBench bench;
  private final Map<Integer, IncomingPiece> asked = new HashMap<>();
  private final Map<Long, Byte> file = new HashMap<>(); // what was written in this run
  private final Queue<Integer> owed = new ArrayDeque<>(); // in the order of requests
  private final Set<Integer> lied = new HashSet<>(); // pieces that the parent answered with a lie
  private int blamed;
  private int wrong;
  private int received;
  private int closed;
  private int grants = 1; // shown and not yet accepted
  private boolean ready;
  private boolean honest = true;
  private @Nullable AssertionError finding; // the link survives what its listener throws

  DownloadScript(RecordedStore store, StoredTask task) {
    this.store = store;
    this.task = task;
    var parent =
        new ParentRef(
            task.id(), "parent", PieceCast.OTHER, new HostPort("127.0.0.1", 4000), ByteString.copyFromUtf8("grant"), "only one");
    store.takeWrites();
    this.bench = new LinkBench(parent, this, _ -> blamed++, TransferLimits.standard());
  }

  int received() {
    return received;
  }

  void step(Script script) {
    switch (script.next(14)) {
      case 0 -> ask(script.next(PieceCast.PIECES));
      case 1 -> {
        honest &= grants-- > 0;
        ready = true;
        deliver(RawFrames.frame(0xd1, new byte[0]), script.next(8));
      }
      case 2 -> {
        honest = false;
        int n = script.next(16);
        deliver(RawFrames.have(n, n + 1 + script.next(3)), 0);
      }
      case 3 -> honestly(script.next(64));
      case 4 -> lieAboutThePlace(script);
      case 5 -> wrongBytes(script);
      case 6 -> {
        honest = false;
        deliver(RawFrames.error(script.next(6), "no"), 0);
      }
      case 7 -> {
        honest = false;
        deliver(script.take(1 + script.next(40)), 0);
      }
      case 8 -> bench.advance(MILLIS[script.next(MILLIS.length)]);
      case 9 -> {
        honest = false;
        bench.disconnect();
      }
      case 10 -> bench.link().close();
      case 12 -> {
        grants += ready ? 1 : 0;
        bench.link().renewGrant(ByteString.copyFromUtf8("newer"));
      }
      default -> bench.work();
    }
    bench.settle();
    bench.sent();
    written();
    if (finding != null) {
      throw finding;
    }
  }

  private void require(boolean holds, String what) {
    if (!holds && finding == null) {
      finding = new AssertionError(what);
    }
  }

  private void ask(int number) {
    if (!asked.containsKey(number) && task.claim(new PieceNumber(number)) instanceof Claim.Mine(var piece)) {
      asked.put(number, piece);
      owed.add(number);
      bench.link().request(PieceCast.attested("file", number), piece);
    }
  }

  /// In pieces of this many bytes; 0: at once.
  private void deliver(byte[] bytes, int split) {
    int step = split == 0 ? Math.max(1, bytes.length) : split;
    for (int at = 0; at < bytes.length; at += step) {
      bench.receive(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + step)));
    }
  }

  private static String crc(byte[] bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return "crc32:" + crc.getValue();
  }

  private void honestly(int split) {
    honest &= ready;
    Integer number = owed.poll();
    if (number != null) {
      byte[] bytes = PieceCast.bytes("file", number);
      byte[] head = RawFrames.contentHead(number, number * RecordedStore.PIECE, bytes.length, crc(bytes));
      deliver(RawFrames.concat(head, bytes), split);
    }
  }

  private void lieAboutThePlace(Script script) {
    honest = false;
    int number = owed.isEmpty() ? 0 : owed.element();
    if (!owed.isEmpty()) {
      lied.add(owed.remove());
    }
    byte[] bytes = PieceCast.bytes("file", number);
    long offset = number * RecordedStore.PIECE;
    byte[] head =
        switch (script.next(6)) {
          case 0 -> RawFrames.contentHead(number + 1, offset, bytes.length, crc(bytes));
          case 1 -> RawFrames.contentHead(number, offset + 1, bytes.length, crc(bytes));
          case 2 -> RawFrames.contentHead(number, offset, bytes.length + 1L, crc(bytes));
          case 3 -> RawFrames.contentHead(number, offset, Long.MAX_VALUE, crc(bytes));
          case 4 -> RawFrames.contentHead(number, offset, bytes.length, "");
          default -> RawFrames.contentHead(number, offset, bytes.length, "crc32:1");
        };
    deliver(RawFrames.concat(head, bytes), script.next(64));
  }

  private void wrongBytes(Script script) {
    honest = false;
    Integer number = owed.poll();
    if (number != null) {
      lied.add(number);
      byte[] bytes = PieceCast.bytes("file", number);
      bytes[script.next(256) % bytes.length] ^= (byte) (1 + script.next(255));
      byte[] head = RawFrames.contentHead(number, number * RecordedStore.PIECE, bytes.length, crc(bytes));
      deliver(RawFrames.concat(head, bytes), script.next(64));
    }
  }

  /// Each written byte lies in the place of a piece that was asked for.
  private void written() {
    for (var write : store.takeWrites()) {
      int number = (int) (write.position() / RecordedStore.PIECE);
      long end = number * RecordedStore.PIECE + PieceCast.bytes("file", number % PieceCast.PIECES).length;
      require(asked.containsKey(number), "wrote a piece that nobody asked for");
      require(write.position() + write.bytes().length <= end, "wrote beyond the piece");
      for (int i = 0; i < write.bytes().length; i++) {
        file.put(write.position() + i, write.bytes()[i]);
      }
    }
  }

  @Override
  public void ready(ParentLink link) {
    live();
  }

  @Override
  public void have(ParentLink link, List<PieceNumber> numbers) {
    live();
  }

  @Override
  public void received(ParentLink link, VerifiedPiece piece) {
    live();
    written();
    received++;
    int number = piece.record().number().value();
    byte[] bytes = PieceCast.bytes("file", number);
    require(piece.record().range().length() == bytes.length, "a piece of another length");
    require(!lied.contains(number), "a lie was taken for the piece");
    for (int i = 0; i < bytes.length; i++) {
      Byte there = file.get(number * RecordedStore.PIECE + i);
      require(there != null && there == bytes[i], "the bytes on disk are not the origin's");
    }
    answered(number);
  }

  @Override
  public void failed(ParentLink link, PieceNumber number, ParentLink.Failure failure) {
    written();
    if (failure == ParentLink.Failure.WRONG_BYTES) {
      wrong++;
    }
    require(!honest || !blames(failure), "an honest parent is blamed: " + failure);
    answered(number.value());
  }

  private static boolean blames(ParentLink.Failure failure) {
    return failure == ParentLink.Failure.WRONG_BYTES || failure == ParentLink.Failure.PROTOCOL_BROKEN;
  }

  private void answered(int number) {
    IncomingPiece piece = asked.remove(number);
    require(piece != null, "an answer to nothing, or a second one");
    if (piece != null) {
      piece.close();
    }
    owed.remove(number);
    lied.remove(number);
  }

  private void live() {
    require(closed == 0, "an event after the end of the link");
  }

  @Override
  public void closed(ParentLink link, ParentLink.Failure failure) {
    closed++;
    require(closed == 1, "closed twice");
  }

  /// After the last word nothing is open.
  void end() {
    bench.work();
    bench.link().close();
    bench.settle();
    bench.work();
    written();
    if (finding != null) {
      throw finding;
    }
    Script.check(asked.isEmpty(), "a request without an answer");
    Script.check(closed == 1 && bench.over() == 1, "the link is not over, or more than once");
    Script.check(blamed == wrong, "wrong bytes are not on record, or a record without wrong bytes");
    Script.check(bench.link().inFlight() == 0, "requests still count as open");
  }

  @Override
  public void close() {
    bench.close();
    asked.values().forEach(IncomingPiece::close);
    store.takeWrites();
  }
}
