package dev.damselfly.nydus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// One of the 35 images that `nydus-image` 2.4.4 made: bootstrap, blob files, and what `nydusd` and the Linux EROFS
/// driver read from it (`expected.json`). All are in `golden.tar.zst`.
public record Golden(String name, Map<String, byte[]> files) {
  private static final int BLOCK = 512;
  private static final Map<String, Golden> ALL = load();
  private static final ObjectMapper JSON = new ObjectMapper();

  public static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  public static Golden image(String name) {
    return Optional.ofNullable(ALL.get(name)).orElseThrow();
  }

  public byte[] file(String file) {
    return Optional.ofNullable(files.get(file)).orElseThrow().clone();
  }

  public boolean has(String file) {
    return files.containsKey(file);
  }

  public byte[] bootstrap() {
    return file("bootstrap");
  }

  /// Names of the blob files.
  public List<String> blobFiles() {
    return files.keySet().stream().filter(file -> file.length() >= 64).toList();
  }

  JsonNode expected() {
    try {
      return JSON.readTree(file("expected.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Image read() throws RafsRefused {
    return read(bootstrap());
  }

  public static Image read(byte[] bootstrap) throws RafsRefused {
    return Bootstrap.read(MemorySegment.ofArray(bootstrap), Limits.standard());
  }

  private static Map<String, Golden> load() {
    var images = new TreeMap<String, Golden>();
    byte[] tar;
    try (var resource = Golden.class.getResourceAsStream("/golden.tar.zst")) {
      tar = new ZstdInputStream(Optional.ofNullable(resource).orElseThrow()).setLongMax(27).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (int at = 0; tar[at] != 0; ) {
      String path = new String(tar, at, 100, StandardCharsets.US_ASCII).replaceAll("\0.*", "");
      int size = Integer.parseInt(new String(tar, at + 124, 11, StandardCharsets.US_ASCII), 8);
      String image = path.substring(0, path.indexOf('/'));
      byte[] content = Arrays.copyOfRange(tar, at + BLOCK, at + BLOCK + size);
      images.computeIfAbsent(image, name -> new Golden(name, new LinkedHashMap<>()))
          .files.put(path.substring(image.length() + 1), content);
      at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
    }
    return images;
  }
}
