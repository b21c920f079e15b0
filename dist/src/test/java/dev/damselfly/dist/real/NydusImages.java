package dev.damselfly.dist.real;

import dev.damselfly.nydus.DigestAlgorithm;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.RafsWriter;
import dev.damselfly.nydus.layer.Layers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Nydus images in a registry, packed as `nydusify` does it.
final class NydusImages {
  private static final String PREFIX = "\"containerd.io/snapshot/nydus-";

  private NydusImages() {}

  /// An image of files in its root, and the path of its only blob.
  record Made(String blobPath, byte[] blob) {}

  static Made publish(Registry registry, String repository, Map<String, byte[]> files) throws IOException, InterruptedException {
    var blob = new ByteArrayOutputStream();
    var writer = new RafsWriter(1 << 20, DigestAlgorithm.BLAKE3, blob);
    for (var file : new LinkedHashMap<>(files).entrySet()) {
      writer.file(file.getKey(), new ByteArrayInputStream(file.getValue()));
    }
    RafsWriter.Built built = writer.end();
    publish(registry, repository, built.bootstrap(), List.of(blob.toByteArray()));
    return new Made("/v2/" + repository + "/blobs/sha256:" + built.blobId(), blob.toByteArray());
  }

  static void publish(Registry registry, String repository, Golden golden) throws IOException, InterruptedException {
    publish(registry, repository, golden.bootstrap(), golden.blobFiles().stream().map(golden::file).toList());
  }

  private static void publish(Registry registry, String repository, byte[] bootstrap, List<byte[]> blobs)
      throws IOException, InterruptedException {
    var layers = new StringBuilder();
    for (byte[] blob : blobs) {
      registry.blob(repository, blob);
      layers.append(layer("application/vnd.oci.image.layer.nydus.blob.v1", blob, PREFIX + "blob\":\"true\"")).append(',');
    }
    byte[] last = Layers.gzip(Layers.of(bootstrap));
    registry.blob(repository, last);
    layers.append(
        layer("application/vnd.oci.image.layer.v1.tar+gzip", last, PREFIX + "bootstrap\":\"true\"," + PREFIX + "fs-version\":\"6\""));
    byte[] config = ascii("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
    registry.blob(repository, config);
    String manifest =
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},"layers":[%s]}"""
            .formatted(Registry.digest(config), config.length, layers);
    registry.manifest(repository, "v1", ascii(manifest));
  }

  private static String layer(String type, byte[] content, String annotations) throws IOException {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,\"annotations\":{%s}}"
        .formatted(type, Registry.digest(content), content.length, annotations);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
