package dev.damselfly.dist.lazy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.wire.http.ContentRange;
import dev.damselfly.dist.lazy.LazyFailed.Kind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The registry mirror of the peer on this host, for one repository. Thread-safe; each call blocks.
///
/// Connections are kept and used again, so that a range costs one request and no handshake.
public final class Mirror implements AutoCloseable {
  private static final int ATTEMPTS = 3;
  private static final int MAX_IDLE = 8;
  private static final int MAX_ERROR = 16 << 10;

  /// Media types that a manifest may have.
  private static final String MANIFESTS =
      "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
          + "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

  private final InetSocketAddress address;
  private final ImageReference image;
  private final Login login;
  private final Deque<MirrorConnection> idle = new ArrayDeque<>();
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong requests = new AtomicLong();
  private boolean closed;

  /// @param address of the mirror, on loopback: what is sent could be read on the way
  /// @param credentials for the registry and for the mirror itself
  /// @throws LazyFailed for an address that is not on this host
  public Mirror(InetSocketAddress address, ImageReference image, Credentials credentials) throws LazyFailed {
    if (address.isUnresolved() || !address.getAddress().isLoopbackAddress()) {
      throw new LazyFailed(Kind.USAGE, "the mirror must be on loopback: there is no TLS to it");
    }
    this.address = address;
    this.image = image;
    this.login = new Login(credentials);
  }

  /// Bytes of a manifest; not verified.
  byte[] manifest(String reference, int most) throws LazyFailed {
    return whole("/manifests/" + reference, "Accept: " + MANIFESTS + "\r\n", most, "the manifest");
  }

  /// Bytes of a whole blob; not verified.
  byte[] blob(Digest digest, int most) throws LazyFailed {
    return whole("/blobs/" + digest, "", most, "a layer");
  }

  private byte[] whole(String path, String headers, int most, String what) throws LazyFailed {
    return exchange(path, headers, ATTEMPTS, (head, connection) -> {
      if (head.status() != 200) {
        throw refused(head, connection, what);
      }
      if (head.length() > most) {
        throw new LazyFailed(Kind.UNVERIFIED, what + " has more than " + most + " bytes");
      }
      return connection.body((int) head.length());
    });
  }

  /// Exactly these bytes of a blob; not verified.
  ///
  /// @param attempts how often a broken connection or a failing server is tried
  byte[] range(String blobId, ByteRange range, int attempts) throws LazyFailed {
    String wanted = "Range: bytes=" + range.start() + "-" + (range.end() - 1) + "\r\n";
    return exchange("/blobs/sha256:" + blobId, wanted, attempts, (head, connection) -> {
      requirePart(head, connection, range);
      return connection.body((int) range.length());
    });
  }

  /// Takes the parts of a blob as they come.
  interface Parts {
    void read(Body body) throws IOException, LazyFailed;
  }

  /// What comes, in order.
  interface Body {
    /// The next bytes; not verified.
    byte[] next(int length) throws IOException;
  }

  /// A part of a blob, or all of it, in one request; tried once.
  void stream(String blobId, ByteRange range, Parts parts) throws LazyFailed {
    String wanted = "Range: bytes=" + range.start() + "-" + (range.end() - 1) + "\r\n";
    exchange("/blobs/sha256:" + blobId, wanted, 1, (head, connection) -> {
      requirePart(head, connection, range);
      long[] left = {range.length()};
      parts.read(length -> {
        received.addAndGet(length);
        left[0] -= length;
        return connection.body(length);
      });
      if (left[0] > 0) {
        connection.close(); // it is in the middle of the answer
      }
      return new byte[0];
    });
  }

  private static void requirePart(AnswerHead head, MirrorConnection connection, ByteRange range) throws IOException, LazyFailed {
    if (head.status() != 206) {
      throw refused(head, connection, "a part of a blob");
    }
    if (head.length() != range.length() || !isExactly(head, range)) {
      connection.close();
      throw new LazyFailed(Kind.UNVERIFIED, "the mirror sent another part of a blob than was asked for (NYD-M48)");
    }
  }

  private static boolean isExactly(AnswerHead head, ByteRange range) {
    try {
      return head.header("content-encoding").isEmpty()
          && ContentRange.parse(head.header("content-range").orElse("")) instanceof ContentRange.Part part
          && part.range().equals(range);
    } catch (InvalidValue other) {
      return false;
    }
  }

  /// What one answer means.
  private interface Reading {
    byte[] of(AnswerHead head, MirrorConnection connection) throws IOException, LazyFailed;
  }

  /// The registry wants a token, or another one.
  private static final class TokenWanted extends Exception {
    private static final long serialVersionUID = 1L;

    TokenWanted() {
      super("", null, false, false);
    }
  }

  private byte[] exchange(String path, String headers, int attempts, Reading reading) throws LazyFailed {
    Optional<String> shown = login.registry();
    try {
      return exchange(path, headers, attempts, shown, asking(reading, login.isExchangeable()));
    } catch (TokenWanted wanted) {
      return withToken(path, headers, attempts, login.renewed(shown, this::token), reading);
    }
  }

  private byte[] withToken(String path, String headers, int attempts, Optional<String> shown, Reading reading) throws LazyFailed {
    try {
      return exchange(path, headers, attempts, shown, asking(reading, false));
    } catch (TokenWanted never) {
      throw new IllegalStateException("a token is asked for once", never);
    }
  }

  private String token() throws LazyFailed {
    Reading document = (head, connection) -> {
      if (head.status() != 200) {
        throw refused(head, connection, "a token");
      }
      if (head.length() > RegistryToken.MAX_DOCUMENT) {
        throw new LazyFailed(Kind.REGISTRY, "the answer of the token service is too long");
      }
      return connection.body((int) head.length());
    };
    try {
      return RegistryToken.parse(withToken("/token/pull", "", 1, login.own(), document)).value();
    } catch (InvalidValue e) {
      throw new LazyFailed(Kind.REGISTRY, e.rule());
    }
  }

  /// @param exchangeable a token may be asked for
  private static Asking asking(Reading reading, boolean exchangeable) {
    return (head, connection) -> {
      boolean bearer = head.header("www-authenticate").filter(value -> value.startsWith("Bearer ")).isPresent();
      if (exchangeable && head.status() == 401 && bearer) {
        throw new TokenWanted();
      }
      return reading.of(head, connection);
    };
  }

  /// What one answer means, while a token may be wanted.
  private interface Asking {
    byte[] of(AnswerHead head, MirrorConnection connection) throws IOException, LazyFailed, TokenWanted;
  }

  private byte[] exchange(String path, String headers, int attempts, Optional<String> shown, Asking reading)
      throws LazyFailed, TokenWanted {
    LazyFailed last = new LazyFailed(Kind.UNAVAILABLE, "nothing was tried");
    for (int attempt = 0; attempt < attempts; attempt++) {
      MirrorConnection connection = null;
      boolean used = false;
      try {
        connection = takeIdle();
        used = connection != null;
        connection = connection == null ? connect() : connection;
        AnswerHead head = connection.ask(request(path, headers, shown));
        byte[] body = reading.of(head, connection);
        requests.incrementAndGet();
        received.addAndGet(body.length);
        giveBack(connection, head);
        return body;
      } catch (TokenWanted wanted) {
        close(connection);
        throw wanted;
      } catch (LazyFailed failed) {
        last = failed;
        close(connection);
        if (failed.kind() != Kind.UNAVAILABLE) {
          throw failed;
        }
      } catch (IOException | InvalidValue broken) {
        close(connection);
        attempt -= used ? 1 : 0; // it was closed while nobody used it; those are few
        last = new LazyFailed(Kind.UNAVAILABLE, "the connection to the peer's mirror broke");
      }
    }
    throw last;
  }

  private static void close(@Nullable MirrorConnection connection) {
    if (connection != null) {
      connection.close();
    }
  }

  private String request(String path, String headers, Optional<String> shown) {
    var text = new StringBuilder(512);
    text.append("GET /v2/").append(image.repository()).append(path).append("?ns=").append(image.registry().replace("[", "%5B").replace("]", "%5D"));
    text.append(" HTTP/1.1\r\nHost: localhost:").append(address.getPort()).append("\r\n").append(headers);
    shown.ifPresent(value -> text.append("Authorization: ").append(value).append("\r\n"));
    login.mirror().ifPresent(value -> text.append("Proxy-Authorization: ").append(value).append("\r\n"));
    return text.append("\r\n").toString();
  }

  private static LazyFailed refused(AnswerHead head, MirrorConnection connection, String what) throws IOException {
    String said = head.length() <= MAX_ERROR ? ErrorText.of(connection.body((int) head.length())) : "";
    String why = said.isEmpty() ? "" : ": " + said;
    return switch (head.status()) {
      case 401 -> new LazyFailed(
          Kind.REFUSED, "the registry does not give " + what + " to these credentials; see --authfile and --token-file" + why);
      case 403, 407 -> new LazyFailed(Kind.REFUSED, "the registry or the peer's proxy refuses " + what + why);
      case 404 -> new LazyFailed(Kind.REGISTRY, "neither the registry nor the peer's proxy knows " + what + why);
      case 416 -> new LazyFailed(Kind.UNVERIFIED, "a blob is shorter than its image says (NYD-M48)");
      default -> new LazyFailed(
          head.status() >= 500 ? Kind.UNAVAILABLE : Kind.REGISTRY, what + " was answered with status " + head.status() + why);
    };
  }

  private MirrorConnection connect() throws LazyFailed {
    try {
      return MirrorConnection.open(address);
    } catch (IOException e) {
      throw new LazyFailed(
          Kind.UNAVAILABLE,
          "no registry mirror answers on loopback port " + address.getPort()
              + "; a peer with a `proxy` section has one, and --mirror says where it is");
    }
  }

  private synchronized @Nullable MirrorConnection takeIdle() {
    return idle.poll();
  }

  private void giveBack(MirrorConnection connection, AnswerHead head) {
    boolean kept = false;
    synchronized (this) {
      if (!closed && !head.isLast() && idle.size() < MAX_IDLE) {
        idle.push(connection);
        kept = true;
      }
    }
    if (!kept) {
      connection.close();
    }
  }

  /// Bytes of bodies so far.
  public long received() {
    return received.get();
  }

  public long requests() {
    return requests.get();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      idle.forEach(MirrorConnection::close);
      idle.clear();
    }
  }
}
