package dev.damselfly.fuzz;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.dist.lazy.AnswerHead;
import dev.damselfly.dist.lazy.CacheJournal;
import dev.damselfly.dist.lazy.ImageReference;
import dev.damselfly.dist.lazy.OciManifest;
import dev.damselfly.dist.lazy.RegistryToken;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What reading an image of a registry takes from outside: its name, the head of an answer, manifests, tokens, the journal of
/// the cache. The first byte says which; what is accepted is what a careless reader sees, too.
final class LazyImageFuzz implements Target {
  private static final int KINDS = 5;
  private static final int ROOM = 1 << 16;

  public static void fuzzerTestOneInput(byte[] input) {
    new LazyImageFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    if (input.length == 0) {
      Accepted.no();
      return;
    }
    byte[] rest = Arrays.copyOfRange(input, 1, input.length);
    try {
      switch ((input[0] & 0xff) % KINDS) {
        case 0 -> head(rest);
        case 1 -> manifest(rest);
        case 2 -> reference(new String(rest, StandardCharsets.ISO_8859_1));
        case 3 -> journal(rest);
        default -> token(rest);
      }
      Accepted.yes();
    } catch (InvalidValue refused) {
      Accepted.no();
    }
  }

  private static void head(byte[] bytes) {
    AnswerHead ours = AnswerHead.parse(bytes);
    var channel = new EmbeddedChannel(new HttpResponseDecoder(new HttpDecoderConfig().setMaxInitialLineLength(ROOM).setMaxHeaderSize(ROOM)));
    try {
      channel.writeInbound(Unpooled.wrappedBuffer(bytes));
      HttpResponse theirs = channel.readInbound();
      require(theirs != null && theirs.decoderResult().isSuccess(), "another reader sees no answer");
      require(theirs.status().code() == ours.status(), "another reader sees another status");
      require(theirs.headers().size() == ours.headers().size(), "another reader sees other headers");
      ours.headers().forEach((name, value) -> require(value.equals(theirs.headers().get(name).strip()), "another reader sees another value"));
      require(ours.length() >= 0, "a length is not negative");
    } finally {
      channel.finishAndReleaseAll();
    }
  }

  private static void manifest(byte[] bytes) {
    List<OciManifest.Entry> entries = switch (OciManifest.parse(bytes)) {
      case OciManifest.Manifest manifest -> manifest.layers();
      case OciManifest.Index index -> index.manifests();
    };
    try {
      var root = new ObjectMapper().readTree(bytes);
      var array = root.has("layers") ? root.path("layers") : root.path("manifests");
      require(array.size() == entries.size(), "another reader sees other layers");
      for (int i = 0; i < entries.size(); i++) {
        require(array.path(i).path("digest").asText().equals(entries.get(i).digest().toString()), "another reader sees another digest");
        require(entries.get(i).size() >= 0 && array.path(i).path("size").asLong() == entries.get(i).size(), "another reader sees another size");
      }
    } catch (IOException e) {
      throw new AssertionError("another reader sees no manifest", e);
    }
  }

  private static void reference(String text) {
    ImageReference image = ImageReference.parse(text);
    require(image.toString().equals(text), "an image has one name");
    String path = "/v2/" + image.repository() + "/manifests/" + image.reference();
    require(path.matches("[a-zA-Z0-9._:/-]+") && !path.contains("/../") && !path.contains("//"), "a path of two readings");
    require(image.registry().matches("[a-z0-9.:\\[\\]-]+"), "a registry is a host");
  }

  private static void journal(byte[] header) {
    CacheJournal.boot(header).ifPresentOrElse(boot -> require(boot.length() == 36, "a boot has 36 characters"), Accepted::no);
  }

  private static void token(byte[] document) {
    RegistryToken token = RegistryToken.parse(document);
    require(token.value().matches("[!-~]{1,8194}"), "a token is one word of a header");
    require(!token.toString().contains(token.value()) || token.value().length() < 8, "a token was printed");
    try {
      var root = new ObjectMapper().readTree(document);
      String theirs = root.has("token") ? root.path("token").asText() : root.path("access_token").asText();
      require(theirs.equals(token.value()), "another reader sees another token");
    } catch (IOException e) {
      throw new AssertionError("another reader sees no document", e);
    }
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new AssertionError(rule);
    }
  }

  @Override
  public String name() {
    return "lazy-image";
  }

  @Override
  public String oracle() {
    return "accepted: what other readers see, too; names stay one path";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(ImageReference.class, AnswerHead.class, OciManifest.class, CacheJournal.class, RegistryToken.class);
  }

  @Override
  public List<byte[]> seeds() {
    String digest = "sha256:" + "ab".repeat(32);
    var seeds = new ArrayList<byte[]>();
    for (String head : List.of(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\ncontent-length: 4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 3\n\n", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n Folded: a\r\n\r\n",
        "HTTP/1.1 99 A\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n")) {
      seeds.add(seed(0, head));
    }
    String layer = "{\"mediaType\":\"a/b\",\"digest\":\"" + digest + "\",\"size\":7,\"annotations\":{\"a\":\"b\"}}";
    String many = IntStream.rangeClosed(0, 1000).mapToObj(i -> "\"" + i + "\":0").collect(Collectors.joining(","));
    for (String manifest : List.of(
        "{\"schemaVersion\":2,\"layers\":[" + layer + "]}", "{\"schemaVersion\":2,\"manifests\":[" + layer + "," + layer + "]}",
        "{\"schemaVersion\":2,\"layers\":[],\"layers\":[" + layer + "]}", "{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}",
        "{\"schemaVersion\":2,\"layers\":[" + layer.replace("7", "1e3") + "]}", "{\"schemaVersion\":2,\"layers\":[]}{}", "[".repeat(60),
        "{\"schemaVersion\":2,\"layers\":[" + layer.replace("sha256", "md5") + "]}",
        "{\"schemaVersion\":2,\"layers\":[" + layer.replace("7", "-7") + "]}",
        "{\"schemaVersion\":2,\"layers\":[" + "{},".repeat(512) + "{}]}", " ".repeat(OciManifest.MAX_BYTES + 1),
        "{\"schemaVersion\":2,\"layers\":[" + layer.replace("\"a\":\"b\"", many) + "]}",
        "{\"schemaVersion\":1,\"layers\":[" + layer + "]}")) {
      seeds.add(seed(1, manifest));
    }
    for (String name : List.of(
        "registry.test/lib/app:v1", "localhost/a@" + digest, "[::1]:5000/a/b:c", "registry.test/../x:v1", "registry.test/a:" + "b".repeat(129),
        "app:v1", "registry.test/A:v1", "user@registry.test/a:b", "registry.test:99999/a:b", "registry.test/a@sha256:" + "AB".repeat(32),
        "registry.test/a%2fb:c", "registry.test//a:b", "registry.test/a:b@" + digest)) {
      seeds.add(seed(2, name));
    }
    seeds.add(seed(3, "DFNYDC01" + "0".repeat(40)));
    seeds.add(seed(3, "DFNYDC02" + "0".repeat(40)));
    seeds.add(seed(3, "DFNYDC01"));
    for (String document : List.of(
        "{\"token\":\"T1\",\"access_token\":\"T2\",\"expires_in\":300}", "{\"access_token\":\"a.b-c_d~e+f/g==\"}", "{\"token\":\"a\\r\\nHost: x\"}",
        "{\"token\":\"a\",\"token\":\"b\"}", "{\"token\":1}", "{\"token\":\"\"}", "{}{}", "[\"token\"]", "{\"token\":null,\"access_token\":\"b\"}")) {
      seeds.add(seed(4, document));
    }
    return seeds;
  }

  private static byte[] seed(int kind, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    var seed = new byte[bytes.length + 1];
    seed[0] = (byte) kind;
    System.arraycopy(bytes, 0, seed, 1, bytes.length);
    return seed;
  }
}
