package dev.damselfly.nydus.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Bootstrap layers with exactly what belongs there; archive attacks by name (M47).
class BootstrapLayerTest {
  private static final String ID = "ab".repeat(32);
  private static final byte[] BOOT = Golden.image("v6-chunk-dict").bootstrap();

  private static BootstrapLayer read(byte[] layer) throws IOException, RafsRefused {
    return BootstrapLayer.read(new ByteArrayInputStream(layer), Limits.standard());
  }

  @Test
  void layer_givesBootstrapAndCopies_plainOrInGzip() throws IOException, RafsRefused {
    byte[] layer = new Layers().entry('5', "image", new byte[0]).entry('0', "image/image.boot", BOOT)
        .entry('0', "image/" + ID + ".blob.meta", new byte[] {7}).end();

    for (byte[] form : new byte[][] {layer, Layers.gzip(layer)}) {
      BootstrapLayer read = read(form);

      assertThat(read.bootstrap()).isEqualTo(BOOT);
      assertThat(read.information(ID)).hasValue(new byte[] {7});
      assertThat(read.information("cd".repeat(32))).isEmpty();
    }
  }

  static Map<String, byte[]> attacks() {
    byte[] good = Layers.of(BOOT);
    byte[] packed = Layers.gzip(good);
    var attacks = new TreeMap<String, byte[]>();
    attacks.put("two-bootstraps", with('0', "image/image.boot", BOOT));
    attacks.put("parent-directory", with('0', "../image.boot", BOOT));
    attacks.put("parent-inside", with('0', "image/../image/image.boot", BOOT));
    attacks.put("absolute", with('0', "/image/image.boot", BOOT));
    attacks.put("symbolic-link", with('2', "image/x", new byte[0]));
    attacks.put("hard-link", with('1', "image/image.boot", new byte[0]));
    attacks.put("device", with('3', "image/image.boot", new byte[0]));
    attacks.put("pax-size", with('x', "image/image.boot", "19 size=99999999\n".getBytes(StandardCharsets.US_ASCII)));
    attacks.put("pax-global", with('g', "g", new byte[3]));
    attacks.put("gnu-long-name", with('L', "././@LongLink", new byte[200]));
    attacks.put("gnu-sparse", with('S', "image/image.boot", BOOT));
    attacks.put("other-name", with('0', "etc/passwd", new byte[1]));
    attacks.put("other-directory", with('5', "etc/", new byte[0]));
    attacks.put("upper-case-copy", with('0', "image/" + "AB".repeat(32) + ".blob.meta", new byte[1]));
    attacks.put("external-data", with('0', "image/backend.json", new byte[2]));
    attacks.put("no-bootstrap", new Layers().entry('5', "image/", new byte[0]).end());
    attacks.put("no-end", Arrays.copyOf(good, good.length - 1024));
    attacks.put("half-an-end", Arrays.copyOf(good, good.length - 512));
    attacks.put("something-after-the-end", changed(Arrays.copyOf(good, good.length + 512), good.length + 7));
    attacks.put("padding", changed(padded(), 512 + 9));
    attacks.put("checksum", changed(good, 5));
    attacks.put("negative-size", changed(good, 512 + 124));
    attacks.put("gzip-garbage-after", Arrays.copyOf(packed, packed.length + 1));
    attacks.put("gzip-two-members", join(packed, packed));
    attacks.put("gzip-cut", Arrays.copyOf(packed, packed.length - 1));
    attacks.put("gzip-cut-deep", Arrays.copyOf(packed, packed.length / 2));
    attacks.put("gzip-checksum", changed(packed, packed.length - 8));
    attacks.put("gzip-length", changed(packed, packed.length - 1));
    attacks.put("gzip-flags", changed(packed, 3));
    attacks.put("gzip-method", changed(packed, 2));
    attacks.put("empty", new byte[0]);
    return attacks;
  }

  static Stream<String> names() {
    return attacks().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void attack_isRefused(String name) {
    byte[] layer = attacks().getOrDefault(name, new byte[0]);

    RafsRefused refused = catchThrowableOfType(RafsRefused.class, () -> read(layer));

    assertThat(refused).isNotNull();
    assertThat(refused.code()).isEqualTo(name.equals("external-data") ? Code.UNSUPPORTED : Code.M47);
  }

  @Test
  @Threat("F-12")
  void size_isBounded_beforeAnythingIsRead() {
    var small = new Limits(4096, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    RafsRefused refused = catchThrowableOfType(
        RafsRefused.class, () -> BootstrapLayer.read(new ByteArrayInputStream(Layers.of(BOOT)), small));

    assertThat(refused.code()).isEqualTo(Code.M47);
    assertThat(refused.offset()).isEqualTo(512);
  }

  private static byte[] with(char type, String name, byte[] content) {
    return new Layers().entry('5', "image/", new byte[0]).entry('0', "image/image.boot", BOOT)
        .entry(type, name, content).end();
  }

  private static byte[] padded() {
    return new Layers().entry('0', "image/" + ID + ".blob.meta", new byte[3]).entry('0', "image/image.boot", BOOT)
        .end();
  }

  private static byte[] changed(byte[] bytes, int at) {
    byte[] changed = bytes.clone();
    changed[at] ^= (byte) 0xff;
    return changed;
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
