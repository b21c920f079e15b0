package dev.damselfly.nydus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.digests.Blake3Digest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Our BLAKE3 against the published vectors and against another implementation.
class Blake3Test {
  private static final int[] EDGES = {0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 3 << 10, 4 << 10, 5 << 10, 127 << 10, 128 << 10};

  /// The input of the published vectors: 0, 1, 2 .. 250, 0, 1 ..
  private static byte[] input(int length) {
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i % 251);
    }
    return bytes;
  }

  private static byte[] other(byte[] bytes) {
    var digest = new Blake3Digest();
    digest.update(bytes, 0, bytes.length);
    var out = new byte[32];
    digest.doFinal(out, 0);
    return out;
  }

  @ParameterizedTest
  @CsvSource({
    "0, af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    "1, 2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    "1023, 10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    "1024, 42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"
  })
  void digest_isThePublishedOne(int length, String digest) {
    assertThat(HexFormat.of().formatHex(DigestAlgorithm.BLAKE3.of(input(length)))).isEqualTo(digest);
  }

  @Test
  void digest_isThatOfAnotherImplementation_forEveryShapeOfTree() {
    for (int edge : EDGES) {
      for (int more : new int[] {0, 1, 511, 1024, 7 << 10, 128 << 10, 300 << 10}) {
        byte[] bytes = input(edge + more);

        assertThat(DigestAlgorithm.BLAKE3.of(bytes)).as("%d bytes", bytes.length).isEqualTo(other(bytes));
      }
    }
  }

  @Test
  void digest_doesNotDependOnHowTheBytesCome() {
    byte[] bytes = input(700_001);
    byte[] whole = other(bytes);
    for (int step : new int[] {1, 1000, 1024, 131_071, 131_072, 131_073, 400_000, 700_001}) {
      DigestAlgorithm.Running digest = DigestAlgorithm.BLAKE3.start();
      for (int at = 0; at < bytes.length; at += step) {
        digest.add(bytes, at, Math.min(step, bytes.length - at));
      }

      assertThat(digest.end()).as("in steps of %d", step).isEqualTo(whole);
    }
  }

  @Test
  void digest_readsOnlyItsPartOfAnArray() {
    byte[] bytes = input(300_000);
    DigestAlgorithm.Running digest = DigestAlgorithm.BLAKE3.start();
    digest.add(bytes, 12_345, 200_000);

    assertThat(digest.end()).isEqualTo(other(Arrays.copyOfRange(bytes, 12_345, 212_345)));
  }
}
