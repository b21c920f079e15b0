package dev.damselfly.dist.real;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/// An image of one layer of noise, at `lib/app:v1` of a registry.
///
/// @param layer as it is sent
record TestImage(byte[] layer) {
  static final String APP = "lib/app";

  static TestImage publish(Registry registry, int noise) throws IOException, InterruptedException {
    var content = new byte[noise];
    new Random(20261126).nextBytes(content);
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(content);
    }
    var image = new TestImage(out.toByteArray());
    byte[] config = ascii("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
    registry.blob(APP, image.layer());
    registry.blob(APP, config);
    registry.manifest(
        APP,
        "v1",
        ascii(
            """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},
            "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%d}]}"""
                .formatted(Registry.digest(config), config.length, Registry.digest(image.layer()), image.layer().length)));
    return image;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  String path() throws IOException {
    return "/v2/" + APP + "/blobs/" + Registry.digest(layer);
  }

  /// Where `skopeo copy ... dir:PULLED` puts the layer.
  Path in(Path pulled) throws IOException {
    return pulled.resolve(Registry.digest(layer).substring("sha256:".length()));
  }
}
