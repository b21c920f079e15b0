package dev.damselfly.dist.cli;

import dev.damselfly.dist.lazy.ChunkCache;
import dev.damselfly.dist.lazy.ImageReference;
import dev.damselfly.dist.lazy.LazyChunks;
import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.dist.lazy.Mirror;
import dev.damselfly.dist.lazy.RegistryImage;
import dev.damselfly.nydus.Image;

/// An image of a registry, through the mirror of this host's peer.
final class RemoteImage implements NydusSource {
  private final RegistryImage image;
  private final Mirror mirror;
  private final ChunkCache cache;

  private RemoteImage(RegistryImage image, Mirror mirror, ChunkCache cache) {
    this.image = image;
    this.mirror = mirror;
    this.cache = cache;
  }

  /// Asks for a tag once, and says on the error stream what it stands for.
  static RemoteImage open(ImageReference reference, Flags flags) throws CommandFailed, LazyFailed {
    ChunkCache cache = NydusSource.cache(flags);
    Mirror mirror = NydusSource.mirror(reference, flags);
    try {
      RegistryImage image = RegistryImage.open(reference, mirror, cache);
      if (reference.digest().isEmpty()) {
        System.err.println("damselfly: " + reference + " is " + image.digest());
      }
      return new RemoteImage(image, mirror, cache);
    } catch (LazyFailed e) {
      mirror.close();
      throw e;
    }
  }

  @Override
  public Image image() {
    return image.image();
  }

  @Override
  public LazyChunks chunks() {
    return new LazyChunks(image, mirror, cache);
  }

  @Override
  public void close() {
    mirror.close();
  }
}
