package dev.damselfly.dist.cli;

import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.dist.lazy.LazyFailed.Kind;
import dev.damselfly.nydus.Bootstrap;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;
import dev.damselfly.nydus.layer.BootstrapLayer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// A checked local image: the bootstrap itself, or the layer that holds it. The bytes are read once into private
/// memory, so that nobody changes them after the check.
final class NydusImage implements NydusSource {
  private static final int HEAD = 1028;
  private static final Limits LIMITS = Limits.standard();

  private final Image image;
  private final Optional<BootstrapLayer> layer;
  private final Path blobs;

  private NydusImage(Image image, Optional<BootstrapLayer> layer, Path blobs) {
    this.image = image;
    this.layer = layer;
    this.blobs = blobs;
  }

  /// @param blobs where the blob files are; the directory of the image when nothing is said
  static NydusImage open(Path file, Optional<Path> blobs) throws LazyFailed {
    Path parent = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file.toAbsolutePath());
    if (!Files.isRegularFile(file)) {
      throw new LazyFailed(Kind.USAGE, "there is no image file: " + file);
    }
    try (var in = new BufferedInputStream(Files.newInputStream(file))) {
      in.mark(HEAD);
      boolean bare = isBootstrap(in.readNBytes(HEAD));
      in.reset();
      Optional<BootstrapLayer> layer = bare ? Optional.empty() : Optional.of(BootstrapLayer.read(in, LIMITS));
      byte[] bytes = layer.isPresent() ? layer.get().bootstrap() : whole(in);
      return new NydusImage(Bootstrap.read(MemorySegment.ofArray(bytes), LIMITS), layer, blobs.orElse(parent));
    } catch (RafsRefused e) {
      throw LazyFailed.refused("the image", e);
    } catch (NoSuchFileException e) {
      throw new LazyFailed(Kind.USAGE, "there is no image file: " + file);
    } catch (IOException e) {
      throw new LazyFailed(Kind.LOCAL, "the image cannot be read: " + file);
    }
  }

  private static byte[] whole(InputStream in) throws IOException {
    long most = LIMITS.bootstrapBytes() + 1; // one more, so that the reader sees what is too long
    return in.readNBytes((int) Math.min(most, Integer.MAX_VALUE - 8));
  }

  /// A layer starts with the magic of gzip or with a name of a tar header; all else is left to the strict reader.
  private static boolean isBootstrap(byte[] head) {
    boolean gzip = head.length > 1 && (head[0] & 0xff) == 0x1f && (head[1] & 0xff) == 0x8b;
    boolean tar = head.length > 262 && head[257] == 'u' && head[258] == 's' && head[259] == 't' && head[260] == 'a';
    return !gzip && !tar;
  }

  @Override
  public Image image() {
    return image;
  }

  @Override
  public LocalBlobs chunks() {
    return new LocalBlobs(blobs, layer);
  }
}
