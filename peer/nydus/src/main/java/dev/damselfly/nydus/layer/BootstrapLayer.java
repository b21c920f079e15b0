package dev.damselfly.nydus.layer;

import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// What a bootstrap layer holds (format 6).
public final class BootstrapLayer {
  private static final Pattern COPY = Pattern.compile("image/([0-9a-f]{64})\\.blob\\.meta");
  private static final long MOST_COPY = (64L << 20) + 2 * 4096;
  private static final long MOST_COPIES = 256L << 20;

  private final byte[] bootstrap;
  private final Map<String, byte[]> copies;

  private BootstrapLayer(byte[] bootstrap, Map<String, byte[]> copies) {
    this.bootstrap = bootstrap;
    this.copies = copies;
  }

  /// The bytes of `image/image.boot`; not checked. The caller does not change them.
  public byte[] bootstrap() {
    return bootstrap;
  }

  /// The copy of the chunk information of a blob.
  public Optional<byte[]> information(String blobId) {
    return Optional.ofNullable(copies.get(blobId)).map(byte[]::clone);
  }

  /// Reads to the end. A stream that starts with the gzip magic is unpacked; then it is one member and nothing
  /// follows it.
  ///
  /// @throws RafsRefused with M47 for everything that the archive must not hold
  public static BootstrapLayer read(InputStream stream, Limits limits) throws IOException, RafsRefused {
    var in = new BufferedInputStream(stream);
    in.mark(2);
    boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    if (!gzip) {
      return archive(in, limits);
    }
    try (var plain = new GzipMember(in)) {
      return archive(plain, limits);
    } catch (GzipMember.Broken e) {
      throw new RafsRefused(Code.M47, e.at(), "the layer is one gzip member");
    }
  }

  private static BootstrapLayer archive(InputStream in, Limits limits) throws IOException, RafsRefused {
    var tar = new TarReader(in);
    byte[] bootstrap = null;
    var copies = new HashMap<String, byte[]>();
    long total = 0;
    for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
      String name = entry.get().name();
      var copy = COPY.matcher(name);
      if (entry.get().isDirectory()) {
        require(name.equals("image/") || name.equals("image"), tar, "the only directory is `image`");
      } else if (name.equals("image/image.boot")) {
        require(bootstrap == null, tar, "there is one bootstrap");
        bootstrap = tar.content(limits.bootstrapBytes());
      } else if (copy.matches()) {
        byte[] content = tar.content(MOST_COPY);
        total += content.length;
        require(total <= MOST_COPIES, tar, "copies of chunk information are bounded");
        require(copies.put(copy.group(1), content) == null, tar, "names differ");
      } else {
        boolean external = name.equals("image/backend.json");
        throw new RafsRefused(
            external ? Code.UNSUPPORTED : Code.M47, tar.headerAt(), "the name is one of a bootstrap layer");
      }
    }
    if (bootstrap == null) {
      throw new RafsRefused(Code.M47, tar.headerAt(), "there is one bootstrap");
    }
    return new BootstrapLayer(bootstrap, copies);
  }

  private static void require(boolean holds, TarReader tar, String rule) throws RafsRefused {
    if (!holds) {
      throw new RafsRefused(Code.M47, tar.headerAt(), rule);
    }
  }
}
