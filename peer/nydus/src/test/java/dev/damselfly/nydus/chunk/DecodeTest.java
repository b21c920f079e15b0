package dev.damselfly.nydus.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.luben.zstd.Zstd;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.Compression;
import dev.damselfly.nydus.RafsRefused;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4Factory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Frames are decoded to exactly their size, or refused.
@Threat("S-NYD-4")
class DecodeTest {
  private static final int SIZE = 20_000;

  private static byte[] text() {
    var bytes = new byte[SIZE];
    long seed = 7;
    for (int i = 0; i < SIZE; i++) {
      seed = seed * 6364136223846793005L + 1442695040888963407L;
      bytes[i] = (byte) ('a' + (seed >>> 60) % 9);
    }
    return bytes;
  }

  private static byte[] packed(Compression compression, byte[] plain) {
    return switch (compression) {
      case NONE -> plain.clone();
      case ZSTD -> Zstd.compress(plain);
      case LZ4_BLOCK -> LZ4Factory.safeInstance().fastCompressor().compress(plain);
      case GZIP -> throw new IllegalArgumentException();
    };
  }

  private static byte[] open(Compression compression, byte[] stored, int plainSize) throws RafsRefused {
    return switch (compression) {
      case ZSTD -> Zstds.decode(stored, plainSize, 5);
      case LZ4_BLOCK -> Lz4s.decode(stored, plainSize, 5);
      default -> throw new IllegalArgumentException();
    };
  }

  private static void assertRefused(Compression compression, byte[] stored, int plainSize) {
    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> open(compression, stored, plainSize));

    assertThat(refused).isNotNull();
    assertThat(refused.code()).isEqualTo(Code.M44);
    assertThat(refused.offset()).isEqualTo(5);
  }

  @ParameterizedTest
  @EnumSource(value = Compression.class, names = {"ZSTD", "LZ4_BLOCK"})
  void frame_hasExactlyItsSize(Compression compression) throws RafsRefused {
    byte[] stored = packed(compression, text());

    assertThat(open(compression, stored, SIZE)).isEqualTo(text());
    assertRefused(compression, stored, SIZE - 1);
    assertRefused(compression, stored, SIZE + 1);
    assertRefused(compression, stored, 1);
    assertRefused(compression, new byte[0], SIZE);
  }

  @ParameterizedTest
  @EnumSource(value = Compression.class, names = {"ZSTD", "LZ4_BLOCK"})
  void frame_isWhole_andNothingFollows(Compression compression) {
    byte[] stored = packed(compression, text());

    assertRefused(compression, Arrays.copyOf(stored, stored.length + 1), SIZE);
    assertRefused(compression, Arrays.copyOf(stored, stored.length - 1), SIZE);
    assertRefused(compression, join(stored, stored), SIZE);
    assertRefused(compression, join(stored, stored), 2 * SIZE);
  }

  @Test
  void bomb_isRefusedByItsHeader_orByItsSize() {
    byte[] bomb = Zstd.compress(new byte[32 << 20]);

    assertThat(bomb.length).isLessThan(4096);
    assertRefused(Compression.ZSTD, bomb, 16 << 10);
    assertRefused(Compression.ZSTD, withoutContentSize(Zstd.compress(new byte[64 << 10])), 16 << 10);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "502a4d180400000001020304", // a skippable frame alone
        "28b52ffd2101000100006161", // a dictionary id
        "28b52ffd00b8090000616161", // a window of 128 MiB
        "28b52ffd0858090000616161", // a reserved bit
        "28b52ffd2001070000", // the reserved block type
        "28b52ffd2001", // no block
        "28b52ffd", // no header
        "28b52f"
      })
  void zstdFrame_ofAnotherKind_isRefused(String hex) {
    assertRefused(Compression.ZSTD, HexFormat.of().parseHex(hex), 1);
  }

  @Test
  void zstdFrame_afterASkippableOne_isRefused() {
    byte[] skippable = HexFormat.of().parseHex("502a4d180400000001020304");

    assertRefused(Compression.ZSTD, join(skippable, packed(Compression.ZSTD, text())), SIZE);
    assertRefused(Compression.ZSTD, join(packed(Compression.ZSTD, text()), skippable), SIZE);
  }

  /// Turns a single-segment header with a content size into one with a window and none.
  private static byte[] withoutContentSize(byte[] frame) {
    int sizeBytes = new int[] {1, 2, 4, 8}[(frame[4] & 0xff) >> 6];
    byte[] head = {frame[0], frame[1], frame[2], frame[3], (byte) (frame[4] & 4), 0x58};
    return join(head, Arrays.copyOfRange(frame, 5 + sizeBytes, frame.length));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void window_mayStartAtAnyBit(int bits) throws RafsRefused {
    byte[] shifted = shift(deflated(text(), null), (8 - bits) % 8);
    var dictionary = new Frame.Dictionary(new byte[0]);
    byte[] rest = bits == 0 ? shifted : Arrays.copyOfRange(shifted, 1, shifted.length);
    var window = new Frame.Coding.Window(bits == 0 ? 0xA5 : shifted[0] | (1 << 8 - bits) - 1, bits, dictionary);

    assertThat(Windows.decode(window, rest, SIZE, 0)).isEqualTo(text());
    assertThat(Windows.decode(window, rest, SIZE / 2, 0)).isEqualTo(Arrays.copyOf(text(), SIZE / 2));
    assertThat(catchThrowableOfType(RafsRefused.class, () -> Windows.decode(window, rest, SIZE + 1, 0)).code())
        .isEqualTo(Code.M44);
  }

  @Test
  void window_mayReferToItsDictionary_andToNoOther() throws RafsRefused {
    byte[] dictionary = Arrays.copyOf(text(), 5000);
    byte[] stored = deflated(Arrays.copyOfRange(text(), 1000, 3000), dictionary);
    byte[] shifted = shift(stored, 3);
    byte[] rest = Arrays.copyOfRange(shifted, 1, shifted.length);

    var window = new Frame.Coding.Window(shifted[0] & 0xff, 5, new Frame.Dictionary(dictionary));
    assertThat(Windows.decode(window, rest, 2000, 0)).isEqualTo(Arrays.copyOfRange(text(), 1000, 3000));
    var without = new Frame.Coding.Window(shifted[0] & 0xff, 5, new Frame.Dictionary(new byte[0]));
    assertThatThrownBy(() -> Windows.decode(without, rest, 2000, 0)).isInstanceOf(RafsRefused.class);
  }

  @Test
  void window_mayCrossTheEndOfAGzipMember() throws RafsRefused, IOException {
    byte[] members = join(gzip(Arrays.copyOf(text(), 700)), gzip(Arrays.copyOfRange(text(), 700, SIZE)));
    byte[] stored = Arrays.copyOfRange(members, 10, members.length);
    var window = new Frame.Coding.Window(0, 0, new Frame.Dictionary(new byte[0]));

    assertThat(Windows.decode(window, stored, SIZE, 0)).isEqualTo(text());
    assertThatThrownBy(() -> Windows.decode(window, stored, SIZE + 1, 0)).isInstanceOf(RafsRefused.class);
    assertThatThrownBy(() -> Windows.decode(window, Arrays.copyOf(stored, 300), 701, 0))
        .isInstanceOf(RafsRefused.class);
  }

  @Test
  void frame_takesNoOtherNumberOfBytes_andNoSizeBeyondTheLargestChunk() {
    var coding = new Frame.Coding.Whole(Compression.NONE);
    var frame = new Frame(0, 9, 10, 10, coding);

    assertThat(catchThrowableOfType(RafsRefused.class, () -> frame.open(new byte[9])).code()).isEqualTo(Code.M48);
    assertThatThrownBy(() -> new Frame(0, 0, 1 << 25, 1, coding)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Frame(0, 0, 1, 1 << 25, coding)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Frame(0, -1, 1, 1, coding)).isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] deflated(byte[] plain, byte @Nullable [] dictionary) {
    var deflater = new Deflater(6, true);
    if (dictionary != null) {
      deflater.setDictionary(dictionary);
    }
    deflater.setInput(plain);
    deflater.finish();
    var out = new byte[2 * SIZE];
    int size = deflater.deflate(out);
    deflater.end();
    return Arrays.copyOf(out, size);
  }

  /// The same bits, starting `by` bits later.
  private static byte[] shift(byte[] bytes, int by) {
    var out = new byte[bytes.length + 1];
    for (int i = 0; i < bytes.length; i++) {
      int value = (bytes[i] & 0xff) << by;
      out[i] |= (byte) value;
      out[i + 1] |= (byte) (value >> 8);
    }
    return out;
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    }
    return out.toByteArray();
  }

  private static byte[] join(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  /// Five bytes in a frame that asks for a window of any size.
  private static byte[] withWindow(int exponent) {
    return new byte[] {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD, 0, (byte) ((exponent - 10) << 3), (5 << 3) | 1, 0, 0, 1, 2, 3, 4, 5};
  }

  @Test
  @Threat("B-42")
  void zstdWindow_decidesAboutNoMoreMemoryThanAChunkHas() throws RafsRefused {
    byte[] large = withWindow(25);
    var coding = new Frame.Coding.Whole(Compression.ZSTD);

    assertThat(new Frame(0, 0, large.length, 5, coding).open(withWindow(24))).isNotNull();
    assertThatThrownBy(() -> new Frame(0, 0, large.length, 5, coding).open(large)).isInstanceOf(RafsRefused.class);
  }
}
