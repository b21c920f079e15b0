package dev.damselfly.peer.store;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;

/// A store with a journal that a test holds, and copies of it as they are after the process was killed or the power
/// lost. For fuzz targets.
///
/// Committed pieces are applied at once, and wait to become durable until [#sync] or a copy lets them through; all else is
/// durable when it returns, as the store promises.
public final class CrashStore implements AutoCloseable {
  private static final StoreConfig CONFIG = new StoreConfig(1L << 30, 90, 80, Duration.ofDays(1));

  private final Path directory;
  private final Gate gate = new Gate();
  private final CutDisk disk;
  private final GatedMetadata metadata;
  private final PieceStore store;
  private final List<StoredTask> tasks = new ArrayList<>();
  private int committed;

  /// Pieces of the batch that becomes durable next, and those that wait for it to end.
  private int current;
  private int later;

  public CrashStore(Path directory, int tasks) throws IOException {
    this.directory = directory;
    RealDisk.privateDirectory(directory);
    this.disk = new CutDisk(new RealDisk(directory), gate);
    var gates = new GatedMetadata[1];
    this.store =
        PieceStore.open(
            directory,
            CONFIG,
            new StoreLab.Clock(),
            disk,
            file -> {
              gates[0] = new GatedMetadata(file, gate);
              return gates[0];
            });
    this.metadata = gates[0];
    for (int i = 0; i < tasks; i++) {
      StoredTask task = store.open(tuple(i), i % 2 == 1);
      task.fix(new ContentFacts(OptionalLong.empty(), StoreLab.PIECE, "\"v1\"", "", false));
      task.awaitDurable();
      this.tasks.add(task);
    }
    gate.open(false);
  }

  private static TaskTuple tuple(int task) {
    return TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/" + task).build());
  }

  /// Commits a piece, unless it is there already.
  ///
  /// @return whether it was committed now
  public boolean put(int task, int number, byte[] bytes) throws InterruptedException {
    if (!(tasks.get(task).claim(new PieceNumber(number)) instanceof Claim.Mine(var piece))) {
      return false;
    }
    try (piece) {
      int half = bytes.length / 2;
      piece.write(ByteBuffer.wrap(bytes, 0, half));
      piece.write(ByteBuffer.wrap(bytes, half, bytes.length - half));
      tasks.get(task).commit(piece.fromOrigin(StoreLab.ORIGIN, "origin.example"));
    }
    metadata.awaitApplied(++committed, 0);
    if (current == 0) {
      current = 1;
    } else {
      later++;
    }
    gate.awaitWaiting();
    return true;
  }

  /// Writes a piece and gives up before it is verified.
  public void giveUp(int task, int number, byte[] bytes) {
    if (tasks.get(task).claim(new PieceNumber(number)) instanceof Claim.Mine(var piece)) {
      try (piece) {
        piece.write(ByteBuffer.wrap(bytes));
      }
    }
  }

  public void quarantine(int task, int number) {
    let(() -> tasks.get(task).quarantine(List.of(new PieceNumber(number))));
  }

  public void discard(int task) {
    let(
        () -> {
          tasks.get(task).discard();
          tasks.get(task).fix(new ContentFacts(OptionalLong.empty(), StoreLab.PIECE, "\"v1\"", "", false));
          tasks.get(task).awaitDurable();
        });
  }

  public void sync() {
    let(() -> tasks.getFirst().awaitDurable());
  }

  private void let(Runnable durable) {
    gate.open(true);
    durable.run();
    gate.open(false);
    current = 0;
    later = 0;
  }

  /// The store as it is found after the process was killed, or after a loss of power.
  ///
  /// @param steps of those that make the waiting pieces durable, how many are done by then. The first piece is a batch of
  ///     its own, the others are the second
  /// @param power whether what was not forced may be lost
  /// @param next decides what of that is there
  /// @return how many of the waiting pieces are durable
  public int loseToCopy(Path copy, int steps, boolean power, IntUnaryOperator next)
      throws IOException, InterruptedException {
    int durable = 0;
    for (int step = 0; step < steps && current > 0; step++) {
      if (gate.letOneThrough() == Gate.Step.FORCE_METADATA) {
        durable += current;
        current = later;
        later = 0;
      }
    }
    if (current > 0) {
      gate.awaitWaiting();
    }
    try (var files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        Path to = copy.resolve(directory.relativize(file).toString());
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          RealDisk.privateDirectory(to);
        } else if (!file.toString().endsWith("-shm")) {
          Files.copy(file, to, StandardCopyOption.COPY_ATTRIBUTES);
          if (file.toString().endsWith("-wal")) {
            cutLog(to, power, next);
          }
        }
      }
    }
    if (power) {
      disk.cut(directory, copy, next);
    }
    return durable;
  }

  private void cutLog(Path log, boolean power, IntUnaryOperator next) throws IOException {
    if (power) {
      try (var channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
        long unforced = channel.size() - metadata.forced();
        channel.truncate(metadata.forced() + unforced * next.applyAsInt(256) / 255);
      }
    }
    if (next.applyAsInt(2) == 1) {
      Files.write(log, new byte[1 + next.applyAsInt(200)], StandardOpenOption.APPEND); // a commit that was under way
    }
  }

  /// Whether the content of a copy has these bytes at the place of the piece.
  public static boolean holds(Path copy, int task, int number, byte[] bytes) throws IOException {
    Path file = Shelf.pathOf(copy.resolve("content"), tuple(task).id(), task % 2 == 1);
    var found = ByteBuffer.allocate(bytes.length);
    if (Files.exists(file)) {
      try (var channel = FileChannel.open(file)) {
        channel.read(found, number * StoreLab.PIECE);
      }
    }
    return !found.hasRemaining() && Arrays.equals(found.array(), bytes);
  }

  /// Opens a copy and reads all that it says it has.
  ///
  /// @return bytes of each held piece, by task and number
  /// @throws AssertionError when a record does not stand for the bytes in the file
  public static Map<String, byte[]> recover(Path copy, int tasks) throws IOException {
    Map<String, byte[]> found = new TreeMap<>();
    try (var store = PieceStore.open(copy, CONFIG, new StoreLab.Clock())) {
      long bytes = 0;
      for (int i = 0; i < tasks; i++) {
        StoredTask task = store.find(tuple(i).id(), i % 2 == 1).orElseThrow(() -> new AssertionError("a task is lost"));
        for (PieceRecord record : task.records()) {
          byte[] content = StoreLab.read(task, record.number().value());
          if (!dev.damselfly.api.id.Sha256.of(dev.damselfly.api.id.Sha256.newDigest().digest(content)).equals(record.sha256())) {
            throw new AssertionError("a piece is verified without its bytes");
          }
          found.put(i + "/" + record.number().value(), content);
          bytes += content.length;
        }
      }
      if (store.usedBytes() != bytes) {
        throw new AssertionError("the bytes in use are not those of the pieces");
      }
    } catch (RequestFailure e) {
      throw new AssertionError("a piece that is held cannot be read", e);
    }
    return found;
  }

  @Override
  public void close() {
    gate.open(true);
    store.close();
  }
}
