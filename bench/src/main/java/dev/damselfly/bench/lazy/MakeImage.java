package dev.damselfly.bench.lazy;

import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.RafsWriter;
import dev.damselfly.nydus.layer.Layers;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/// `MakeImage DIRECTORY SEQUENTIAL-BYTES RANDOM-BYTES`: below `DIRECTORY/v2/bench/image`, what a registry would serve of an
/// image with the files `random` and `sequential`, chunks of 1 MiB and BLAKE3. Prints the digest of the manifest.
public final class MakeImage {
  private static final int CHUNK = 1 << 20;

  private MakeImage() {}

  public static void main(String[] args) throws IOException {
    Path repository = Path.of(args[0], "v2", "bench", "image");
    Path blobs = Files.createDirectories(repository.resolve("blobs"));
    Path manifests = Files.createDirectories(repository.resolve("manifests"));
    Path part = blobs.resolve("part");
    RafsWriter.Built built;
    try (var out = new BufferedOutputStream(Files.newOutputStream(part), CHUNK)) {
      built =
          new RafsWriter(CHUNK, DigestAlgorithm.BLAKE3, out)
              .file("random", new Noise(1, Long.parseLong(args[2])))
              .file("sequential", new Noise(2, Long.parseLong(args[1])))
              .end();
    }
    Files.move(part, blobs.resolve("sha256:" + built.blobId()));
    byte[] layer = Layers.gzip(Layers.of(built.bootstrap()));
    Files.write(blobs.resolve(digest(layer)), layer);
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[
        {"mediaType":"application/vnd.oci.image.layer.nydus.blob.v1","digest":"sha256:%s","size":%d},
        {"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%d,"annotations":{
        "containerd.io/snapshot/nydus-bootstrap":"true","containerd.io/snapshot/nydus-fs-version":"6"}}]}"""
            .formatted(built.blobId(), built.blobSize(), digest(layer), layer.length)
            .getBytes(StandardCharsets.US_ASCII);
    Files.write(manifests.resolve("v1"), manifest);
    Files.write(manifests.resolve(digest(manifest)), manifest);
    System.out.println(digest(manifest) + " " + built.blobId());
  }

  private static String digest(byte[] bytes) {
    return Digest.of(Sha256.of(Sha256.newDigest().digest(bytes))).toString();
  }

  /// So many bytes, the same each time.
  private static final class Noise extends InputStream {
    private final SplittableRandom random;
    private long left;

    Noise(long seed, long size) {
      this.random = new SplittableRandom(seed);
      this.left = size;
    }

    @Override
    public int read() {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int at, int length) {
      if (left == 0) {
        return -1;
      }
      var bytes = new byte[(int) Math.min(length, left)];
      random.nextBytes(bytes);
      System.arraycopy(bytes, 0, into, at, bytes.length);
      left -= bytes.length;
      return bytes.length;
    }
  }
}
