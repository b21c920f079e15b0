package dev.damselfly.fuzz;

import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.legacy.LegacyBench;
import dev.damselfly.peer.legacy.LegacyParents;
import dev.damselfly.peer.store.RecordedStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.RawFrames;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/// Bytes of a host without an identity, as answers to requests of pieces: content becomes visible exactly when it has the
/// wanted digest, else nothing of it is left; only pieces are asked for, in order, and no more than the limit allows.
public final class LegacyParentFuzz implements Target {
  private static final int PIECE = 4 << 20;
  private static final int MOST = 3 * PIECE;
  private static final RecordedStore STORE = PieceCast.store();
  private static final byte[] SHORT = random(1, 300);
  private static final byte[] LONG = random(2, PIECE + 300);
  private static final TaskTuple TUPLE = TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/legacy").build());

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new LegacyParentFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new LegacyParentFuzz().run(input);
  }

  private static byte[] random(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Override
  public void run(byte[] input) {
    var script = new Script(input);
    byte[] content = script.next(16) == 15 ? LONG : SHORT;
    var digest = Digest.of(Sha256.of(Sha256.newDigest().digest(content)));
    var length = script.next(2) == 0 ? OptionalLong.of(content.length) : OptionalLong.empty();
    var host = new Host(script, content, 1 + script.next(64) * script.next(64));
    var wanted = new LegacyParents.Wanted(TUPLE, digest, length, true, "uid:fuzz");
    long before = STORE.store().reservedBytes();

    Optional<StoredTask> proven = new LegacyBench(STORE.store(), _ -> {}, MOST).fetch(wanted, host);

    STORE.takeWrites();
    if (proven.isPresent()) {
      Script.check(Arrays.equals(bytes(proven.get(), content.length), content), "other content than the digest's");
      Accepted.yes();
    } else {
      Script.check(STORE.store().tasks().stream().allMatch(task -> task.records().isEmpty()), "unproven pieces are visible");
      Accepted.no();
    }
    proven.ifPresent(StoredTask::discard);
    Script.check(STORE.store().reservedBytes() == before, "room is not given back");
  }

  private static byte[] bytes(StoredTask task, int length) {
    var all = ByteBuffer.allocate(length);
    for (var record : task.records()) {
      try (var piece = task.read(record.number())) {
        var part = ByteBuffer.allocate((int) record.range().length());
        piece.readFully(part, record.range().start());
        all.put(part.array());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return all.array();
  }

  private static final class Host implements LegacyBench.Host {
    private final Script script;
    private final byte[] content;
    private final int chunk;
    private int asked;

    Host(Script script, byte[] content, int chunk) {
      this.script = script;
      this.content = content;
      this.chunk = content.length > PIECE ? PIECE : chunk;
    }

    @Override
    public int chunk() {
      return chunk;
    }

    @Override
    public Optional<byte[]> answer(byte[] request) {
      int number = asked;
      Script.check(Arrays.equals(request, RawFrames.request(TUPLE.id().value(), number)), "asks for something else");
      Script.check(number <= MOST / PIECE, "asks for more than may be");
      asked++;
      byte[] honest = honest(number);
      return switch (script.next(8)) {
        case 0, 1, 2 -> Optional.of(honest);
        case 3 -> Optional.of(changed(honest));
        case 4 -> Optional.of(Arrays.copyOf(honest, Math.min(honest.length, script.next(256))));
        case 5 -> Optional.of(RawFrames.error(script.next(5), "x".repeat(script.next(8))));
        case 6 -> Optional.of(script.take(1 + script.next(128)));
        default -> script.next(2) == 0 ? Optional.empty() : Optional.of(RawFrames.concat(head(number), SHORT));
      };
    }

    private byte[] honest(int number) {
      int start = number * PIECE;
      if (start >= content.length) {
        return RawFrames.error(2, "not found");
      }
      byte[] bytes = Arrays.copyOfRange(content, start, Math.min(content.length, start + PIECE));
      return RawFrames.concat(RawFrames.contentHead(number, start, bytes.length, "crc32:1"), bytes);
    }

    private byte[] changed(byte[] bytes) {
      for (int i = 0; i < 1 + script.next(3); i++) {
        int at = script.next(Math.min(bytes.length, 256));
        bytes[at] = (byte) (bytes[at] ^ (1 + script.next(255)));
      }
      return bytes;
    }

    private byte[] head(int number) {
      long[] near = {0, 1, SHORT.length, PIECE, 64 << 20, 1L << 40, -1};
      return RawFrames.contentHead(
          number + script.next(2), near[script.next(near.length)], near[script.next(near.length)], "d".repeat(script.next(200)));
    }
  }

  @Override
  public int changesPerSeed() {
    return 10;
  }

  @Override
  public String name() {
    return "legacy-parent";
  }

  @Override
  public String oracle() {
    return "visible exactly when the digest is the wanted one; asks for pieces in order, within the limit; all room given back";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(LegacyParents.class);
  }

  /// Honest hosts, then each kind of answer with more and more noise.
  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    seeds.add(new byte[] {15, 0, 9, 9, 0, 0, 0});
    seeds.add(new byte[] {15, 1, 9, 9, 0, 0, 0});
    for (int i = 0; i < 30; i++) {
      var random = new Random(i);
      var out = new ByteArrayOutputStream();
      out.writeBytes(new byte[] {(byte) (i % 15), (byte) i, (byte) (i % 64), (byte) random.nextInt(64), (byte) (i % 8)});
      byte[] noise = new byte[i % 8 == 6 ? 140 : 8];
      random.nextBytes(noise);
      out.writeBytes(noise);
      seeds.add(out.toByteArray());
    }
    return seeds;
  }
}
