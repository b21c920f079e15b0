package dev.damselfly.fuzz;

import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;
import dev.damselfly.nydus.layer.BootstrapLayer;
import dev.damselfly.nydus.layer.Layers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/// Bootstrap layers: tar archives, plain or in gzip. What is accepted is what a second, careless reader of the archive
/// finds in it, no more and no less.
final class LayerFuzz implements Target {
  private static final int BLOCK = 512;
  private static final int COPY_NAME = "image/".length() + 64 + ".blob.meta".length();
  private static final Limits SMALL = new Limits(1 << 20, 1, 1, 1, 1, 1, 1, 1, 1, 1);

  public static void fuzzerTestOneInput(byte[] input) {
    new LayerFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    BootstrapLayer layer;
    try {
      layer = BootstrapLayer.read(new ByteArrayInputStream(input), SMALL);
      Accepted.yes();
    } catch (RafsRefused refused) {
      Accepted.no();
      return;
    } catch (IOException e) {
      throw new AssertionError("bytes in memory are not an I/O error", e);
    }
    Map<String, byte[]> files = files(plain(input));
    require(Arrays.equals(files.remove("image/image.boot"), layer.bootstrap()), "another bootstrap");
    for (var copy : files.entrySet()) {
      require(copy.getKey().length() == COPY_NAME, "a file that does not belong there");
      byte[] information = layer.information(copy.getKey().substring(6, 70)).orElseThrow();
      require(Arrays.equals(copy.getValue(), information), "another copy of chunk information");
    }
  }

  private static byte[] plain(byte[] input) {
    if (input[0] != 0x1f) {
      return input;
    }
    try (var in = new GZIPInputStream(new ByteArrayInputStream(input))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Believes every header.
  private static Map<String, byte[]> files(byte[] archive) {
    var files = new HashMap<String, byte[]>();
    int at = 0;
    while (archive[at] != 0) {
      int size = Integer.parseInt(text(archive, at + 124, 12), 8);
      if (archive[at + 156] != '5') {
        byte[] content = Arrays.copyOfRange(archive, at + BLOCK, at + BLOCK + size);
        require(files.put(text(archive, at, 100), content) == null, "a name stands twice");
      }
      at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
    }
    return files;
  }

  private static String text(byte[] archive, int at, int length) {
    return new String(archive, at, length, StandardCharsets.US_ASCII).replaceAll("\0.*", "").strip();
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new AssertionError(rule);
    }
  }

  @Override
  public String name() {
    return "layer";
  }

  @Override
  public String oracle() {
    return "accepted: the files that a second reader of the archive finds";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(BootstrapLayer.class);
  }

  @Override
  public List<byte[]> seeds() {
    byte[] boot = Golden.image("v6-empty").bootstrap();
    byte[] two =
        new Layers()
            .entry('5', "image", new byte[0])
            .entry('0', "image/image.boot", new byte[] {1, 2, 3})
            .entry('0', "image/" + "ab".repeat(32) + ".blob.meta", new byte[] {7})
            .end();
    var seeds = new ArrayList<>(List.of(Layers.of(boot), Layers.gzip(Layers.of(boot)), two, Layers.gzip(two)));
    for (String name : List.of("image/image.boot", "image/../../image.boot", "/image/image.boot", "image/x")) {
      for (char type : "0123567xgLS".toCharArray()) {
        seeds.add(new Layers().entry('0', "image/image.boot", new byte[1]).entry(type, name, new byte[3]).end());
      }
    }
    return seeds;
  }
}
