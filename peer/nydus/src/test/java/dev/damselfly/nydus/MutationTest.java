package dev.damselfly.nydus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What no catalogue lists: single bits, every length, and the record forms that the builder does not write.
class MutationTest {
  private static final String SMALL = "v6-chunk-dict";

  @Test
  void singleBits_areRefusedOrLeaveAnImageThatCanBeWalked() throws RafsRefused {
    byte[] bootstrap = Golden.image(SMALL).bootstrap();
    int paths = Paths.of(Golden.read(bootstrap.clone())).size();
    int accepted = 0;
    for (int bit = 0; bit < bootstrap.length * 8; bit += 3) { // all positions of a byte in turn
      bootstrap[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        Image image = Golden.read(bootstrap);
        assertThat(Paths.of(image)).hasSize(paths);
        accepted++;
      } catch (RafsRefused refused) {
        assertThat(refused.offset()).isBetween(0L, (long) bootstrap.length);
      }
      bootstrap[bit / 8] ^= (byte) (1 << bit % 8);
    }

    assertThat(accepted).as("most bits of a file are names, times, owners, gaps").isLessThan(bootstrap.length * 8 / 3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v6-merged", "v6-zran", "v5-merged"})
  void everyShorterLength_isRefused(String name) {
    byte[] whole = Golden.image(name).bootstrap();
    for (int length = 0; length < whole.length; length += 8) {
      byte[] part = Arrays.copyOf(whole, length);

      RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> Golden.read(part));

      assertThat(refused).as("%d of %d bytes", length, whole.length).isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {SMALL, "v6-merged", "v6-full-zstd-1m"})
  void compactInodes_areReadLikeExtendedOnes(String name) throws RafsRefused {
    byte[] bootstrap = Golden.image(name).bootstrap();
    Image extended = Golden.read(bootstrap.clone());
    Map<String, Node> before = Paths.of(extended);
    int compacted = 0;
    for (Node node : before.values()) {
      compacted += extended.xattrs(node).isEmpty() && compact(bootstrap, node, extended.chunkSize()) ? 1 : 0;
    }

    Map<String, Node> after = Paths.of(Golden.read(bootstrap));

    assertThat(compacted).isPositive();
    var expected = new TreeMap<String, Node>();
    before.forEach((path, node) -> expected.put(path, withTimeOf(node, after.getOrDefault(path, node))));
    assertThat(after).isEqualTo(expected);
  }

  /// Rewrites a record in the 32-byte form, in place: what follows moves up.
  private static boolean compact(byte[] bootstrap, Node node, int chunkSize) {
    var in = ByteBuffer.wrap(bootstrap).order(ByteOrder.LITTLE_ENDIAN);
    int at = (int) node.offset();
    int format = in.getShort(at);
    boolean fits = node.uid() < 65536 && node.gid() < 65536 && node.size() < 1L << 32 && node.nlink() < 65536;
    if (!fits || (format & 1) == 0) {
      return false;
    }
    int following = switch (node.type()) {
      case FILE -> (int) ((node.size() + chunkSize - 1) / chunkSize) * 8;
      case DIRECTORY, SYMLINK -> format >> 1 == 2 ? (int) (node.size() % 4096) : 0;
      default -> 0;
    };
    byte[] rest = Arrays.copyOfRange(bootstrap, at + 64, at + 64 + following);
    int unionField = in.getInt(at + 16);
    int ino = in.getInt(at + 20);
    in.putShort(at, (short) (format & ~1)).putShort(at + 6, (short) node.nlink()).putInt(at + 8, (int) node.size());
    in.putInt(at + 12, 0).putInt(at + 16, unionField).putInt(at + 20, ino);
    in.putShort(at + 24, (short) node.uid()).putShort(at + 26, (short) node.gid()).putInt(at + 28, 0);
    System.arraycopy(rest, 0, bootstrap, at + 32, rest.length);
    return true;
  }

  private static Node withTimeOf(Node node, Node other) {
    return new Node(
        node.id(), node.offset(), node.type(), node.mode(), node.uid(), node.gid(), node.size(), node.nlink(),
        other.mtimeSeconds(), other.mtimeNanos(), node.rdev());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/special/sym-rel", "/special/fifo", "/special/chr-1-3"})
  void sizeOfAVersion5Node_isThatOfItsTarget(String path) throws RafsRefused {
    byte[] bootstrap = Golden.image("v5-merged").bootstrap();
    Node node = Optional.ofNullable(Paths.of(Golden.read(bootstrap)).get(path)).orElseThrow();
    bootstrap[(int) node.offset() + 65] = 1;

    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> Golden.read(bootstrap));

    assertThat(refused.code()).isEqualTo(Code.M32);
    assertThat(refused.offset()).isEqualTo(node.offset() + 64);
  }

  @Test
  void separateFile_isBounded_soThatItCanBeReadAsAWhole() {
    byte[] bootstrap = Golden.image("v6-zran").bootstrap();
    var in = ByteBuffer.wrap(bootstrap).order(ByteOrder.LITTLE_ENDIAN);
    int row = (int) in.getLong(1160);
    in.putLong(row + 112, in.getLong(row + 112) + (1L << 33)).putLong(row + 200, in.getLong(row + 200) + (1L << 33));

    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> Golden.read(bootstrap));

    assertThat(refused.code()).isEqualTo(Code.M20);
    assertThat(refused.offset()).isEqualTo(row + 200);
  }

  @Test
  void fsVersion7_isNamedAsSuch() {
    byte[] bootstrap = Golden.image(SMALL).bootstrap();
    ByteBuffer.wrap(bootstrap).order(ByteOrder.LITTLE_ENDIAN).putInt(1032, 3).putShort(1112, (short) 9);

    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> Golden.read(bootstrap));

    assertThat(refused.code()).isEqualTo(Code.UNSUPPORTED_VERSION);
    assertThat(refused.code().text()).isEqualTo("NYD-UNSUPPORTED-VERSION");
  }

  @Test
  void limits_areKept() {
    byte[] bootstrap = Golden.image("v6-merged").bootstrap();
    Limits all = Limits.standard();

    assertRefused(bootstrap, new Limits(65536, 1 << 20, 9, 999, 999, 99999, 9999, 9999, 9999, 9), Code.M01);
    assertRefused(bootstrap, with(all, 100, 4096, 65536, 4 << 20), Code.M30);
    assertRefused(bootstrap, with(all, 1 << 20, 2, 65536, 4 << 20), Code.M30);
    assertRefused(bootstrap, with(all, 1 << 20, 4096, 20, 4 << 20), Code.M30);
    assertRefused(bootstrap, with(all, 1 << 20, 4096, 65536, 20), Code.M30);
    assertThatThrownBy(() -> with(all, 0, 1, 1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> with(all, Integer.MAX_VALUE, 1, 1, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Limits with(Limits all, int inodes, int depth, int path, int entries) {
    return new Limits(
        all.bootstrapBytes(), inodes, depth, path, entries, all.nameBytes(), all.xattrBytes(), all.chunksPerBlob(),
        all.chunkReferences(), all.blobs());
  }

  private static void assertRefused(byte[] bootstrap, Limits limits, Code code) {
    RafsRefused refused =
        catchThrowableOfType(RafsRefused.class, () -> Bootstrap.read(MemorySegment.ofArray(bootstrap), limits));

    assertThat(refused).isNotNull();
    assertThat(refused.code()).isEqualTo(code);
  }

  @Test
  void claims_stopAtTheSizeOfTheFile_howeverOftenTheyOverlap() {
    var claims = new Claims(1000);

    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> {
      for (int i = 0; i < 11; i++) {
        claims.add(100, 200);
      }
    });

    assertThat(refused.code()).isEqualTo(Code.M23);
  }

  @Test
  void ranges_thatShareAByte_areFound() {
    assertThat(Disjoint.offender(new long[] {0, 5, 9}, new long[] {5, 9, 12})).isEqualTo(-1);
    assertThat(Disjoint.offender(new long[] {0, 5, 9}, new long[] {6, 9, 12})).isEqualTo(5);
    assertThat(Disjoint.offender(new long[] {0, 2, 9}, new long[] {4, 12, 30})).isEqualTo(2);
    assertThat(Disjoint.offender(new long[] {3, 3}, new long[] {4, 5})).isEqualTo(3);
  }
}
