package dev.damselfly.dist.lazy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.dist.lazy.LazyFailed.Kind;
import dev.damselfly.dist.lazy.OciManifest.Entry;
import dev.damselfly.nydus.Bootstrap;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;
import dev.damselfly.nydus.layer.BootstrapLayer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// An image of a registry whose metadata were checked: the digest of the manifest vouches for the bootstrap layer, that for
/// the bootstrap, and the bootstrap for every chunk (S-NYD-3). Immutable.
///
/// @param digest of the manifest that the reference stood for when it was opened
public record RegistryImage(Digest digest, Image image, BootstrapLayer layer, Set<String> layers) {
  private static final String PREFIX = "containerd.io/snapshot/nydus-";
  private static final int MOST_LAYER = 512 << 20;
  private static final int MOST_INDEXES = 2;
  private static final Limits LIMITS = Limits.standard();

  /// Asks for a tag once, and for everything else by digest. Blocks.
  public static RegistryImage open(ImageReference reference, Mirror mirror, ChunkCache cache) throws LazyFailed {
    byte[] bytes = manifest(reference, mirror, cache);
    Digest digest = reference.digest().isPresent() ? reference.digest().get() : sha256(bytes);
    keep(cache, digest, bytes);
    OciManifest manifest = parse(bytes);
    for (int depth = 0; manifest instanceof OciManifest.Index index; depth++) {
      if (depth == MOST_INDEXES) {
        throw unverified("indexes are nested deeper than " + MOST_INDEXES);
      }
      Entry chosen =
          index.choose(platform()).orElseThrow(() -> unverified("the index names no Nydus image and none for this platform"));
      digest = chosen.digest();
      bytes = byDigest(mirror, cache, digest);
      manifest = parse(bytes);
    }
    return ofLayers(digest, ((OciManifest.Manifest) manifest).layers(), mirror, cache);
  }

  private static byte[] manifest(ImageReference reference, Mirror mirror, ChunkCache cache) throws LazyFailed {
    return reference.digest().isPresent()
        ? byDigest(mirror, cache, reference.digest().get())
        : mirror.manifest(reference.reference(), OciManifest.MAX_BYTES);
  }

  private static byte[] byDigest(Mirror mirror, ChunkCache cache, Digest digest) throws LazyFailed {
    var kept = cache.small(digest.hex() + ".manifest", OciManifest.MAX_BYTES + 1).filter(bytes -> is(bytes, digest));
    if (kept.isPresent()) {
      return kept.get();
    }
    byte[] bytes = mirror.manifest(digest.toString(), OciManifest.MAX_BYTES);
    if (!is(bytes, digest)) {
      throw unverified("a manifest does not have its digest (NYD-M48)");
    }
    keep(cache, digest, bytes);
    return bytes;
  }

  private static void keep(ChunkCache cache, Digest digest, byte[] manifest) {
    cache.keep(digest.hex() + ".manifest", manifest);
  }

  private static OciManifest parse(byte[] bytes) throws LazyFailed {
    try {
      return OciManifest.parse(bytes);
    } catch (InvalidValue e) {
      throw unverified("the manifest is refused: " + e.rule());
    }
  }

  private static RegistryImage ofLayers(Digest digest, List<Entry> layers, Mirror mirror, ChunkCache cache) throws LazyFailed {
    if (layers.isEmpty() || !isTrue(layers.getLast(), "bootstrap") || layers.stream().filter(one -> isTrue(one, "bootstrap")).count() != 1) {
      throw unverified("this is not a Nydus image: its last layer is not a bootstrap");
    }
    Entry bootstrap = layers.getLast();
    String version = bootstrap.annotations().getOrDefault(PREFIX + "fs-version", "");
    if (!version.isEmpty() && !version.equals("5") && !version.equals("6")) {
      throw unverified("fs-version of the image is not supported (NYD-UNSUPPORTED-VERSION)");
    }
    if (layers.stream().anyMatch(layer -> layer.annotations().containsKey(PREFIX + "encrypted-blob"))) {
      throw unverified("encrypted blobs are not supported");
    }
    Set<String> ids = layers.stream().map(layer -> layer.digest().hex()).collect(Collectors.toUnmodifiableSet());
    byte[] packed = layer(bootstrap, mirror, cache);
    try {
      BootstrapLayer layer = BootstrapLayer.read(new ByteArrayInputStream(packed), LIMITS);
      Image image = Bootstrap.read(MemorySegment.ofArray(layer.bootstrap()), LIMITS);
      image.requireBlobsAmong(ids);
      return new RegistryImage(digest, image, layer, ids);
    } catch (RafsRefused e) {
      throw LazyFailed.refused("the image", e);
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory can be read", e);
    }
  }

  private static byte[] layer(Entry bootstrap, Mirror mirror, ChunkCache cache) throws LazyFailed {
    if (bootstrap.size() > MOST_LAYER) {
      throw unverified("the bootstrap layer has more than " + MOST_LAYER + " bytes");
    }
    String name = bootstrap.digest().hex() + ".layer";
    var kept = cache.small(name, (int) bootstrap.size() + 1).filter(bytes -> is(bytes, bootstrap.digest()));
    if (kept.isPresent()) {
      return kept.get();
    }
    byte[] bytes = mirror.blob(bootstrap.digest(), (int) bootstrap.size());
    if (!is(bytes, bootstrap.digest())) {
      throw unverified("the bootstrap layer does not have its digest (NYD-M48)");
    }
    cache.keep(name, bytes);
    return bytes;
  }

  private static boolean isTrue(Entry layer, String annotation) {
    return layer.annotations().getOrDefault(PREFIX + annotation, "").equals("true");
  }

  static boolean is(byte[] bytes, Digest digest) {
    return Digest.of(digest.algorithm(), digest.newDigest().digest(bytes)).equals(digest);
  }

  private static Digest sha256(byte[] bytes) {
    return Digest.of(Sha256.of(Sha256.newDigest().digest(bytes)));
  }

  private static String platform() {
    String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return "linux/" + Map.of("aarch64", "arm64", "x86_64", "amd64").getOrDefault(machine, machine);
  }

  static LazyFailed unverified(String text) {
    return new LazyFailed(Kind.UNVERIFIED, text);
  }
}
