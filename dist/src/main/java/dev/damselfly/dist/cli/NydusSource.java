package dev.damselfly.dist.cli;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.dist.lazy.CallerSecrets;
import dev.damselfly.dist.lazy.ChunkCache;
import dev.damselfly.dist.lazy.ChunkSource;
import dev.damselfly.dist.lazy.ImageReference;
import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.dist.lazy.Mirror;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// An image whose metadata were checked, and where its chunks come from.
interface NydusSource extends AutoCloseable {
  Image image();

  /// The caller closes them.
  ChunkSource chunks();

  @Override
  default void close() {}

  /// An IMAGE of the command line: a file that is there, else a reference to a registry.
  static NydusSource open(String image, Flags flags) throws CommandFailed, LazyFailed {
    Path file = path(image);
    Optional<ImageReference> reference = Files.exists(file) ? Optional.empty() : reference(image);
    return reference.isPresent()
        ? RemoteImage.open(reference.get(), flags)
        : NydusImage.open(file, flags.text("blobs").map(Path::of));
  }

  private static Path path(String image) throws CommandFailed {
    try {
      return Path.of(image);
    } catch (InvalidPathException e) {
      throw new CommandFailed(ExitCode.USAGE, "IMAGE is a file, or REGISTRY/REPOSITORY:TAG, or REGISTRY/REPOSITORY@sha256:DIGEST");
    }
  }

  private static Optional<ImageReference> reference(String image) {
    try {
      return Optional.of(ImageReference.parse(image));
    } catch (InvalidValue notOne) {
      return Optional.empty();
    }
  }

  /// All chunks of files, in the order in which they are read.
  static Iterator<Chunk> chunks(Image image, Iterator<Node> files) {
    Iterable<Node> once = () -> files;
    Stream<Chunk> all = StreamSupport.stream(once.spliterator(), false)
        .flatMap(file -> LongStream.range(0, Math.ceilDiv(file.size(), (long) image.chunkSize())).mapToObj(n -> image.chunk(file, n)));
    return all.iterator();
  }

  /// The cache and the connection that the flags describe.
  static Mirror mirror(ImageReference reference, Flags flags) throws CommandFailed, LazyFailed {
    Optional<Path> auths = flags.text("authfile").or(() -> Optional.ofNullable(System.getenv("REGISTRY_AUTH_FILE"))).map(Path::of);
    var secrets = CallerSecrets.read(reference, auths, flags.text("token-file").map(Path::of), flags.text("caller-file").map(Path::of));
    return new Mirror(address(flags.text("mirror").orElse("http://127.0.0.1:65001")), reference, secrets);
  }

  private static InetSocketAddress address(String text) throws CommandFailed {
    try {
      URI uri = URI.create(text);
      boolean plain = "http".equals(uri.getScheme()) && uri.getHost() != null && uri.getPort() > 0 && uri.getPath().matches("/?");
      if (plain && uri.getUserInfo() == null && uri.getQuery() == null && uri.getFragment() == null) {
        String host = uri.getHost();
        return new InetSocketAddress(InetAddress.getByName(host.equals("localhost") ? "127.0.0.1" : host), uri.getPort());
      }
    } catch (IllegalArgumentException | UnknownHostException e) {
      // said below
    }
    throw new CommandFailed(ExitCode.USAGE, "--mirror is http://127.0.0.1:PORT, where the peer's proxy listens");
  }

  static ChunkCache cache(Flags flags) throws CommandFailed, LazyFailed {
    StateDir state = StateDir.ofEnvironment();
    try {
      Path directory = state.prepared().path().resolve("nydus");
      return ChunkCache.open(directory, Amounts.bytes("--cache-size", flags.text("cache-size").orElse("8GiB")));
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, String.valueOf(e.getMessage()));
    }
  }
}
