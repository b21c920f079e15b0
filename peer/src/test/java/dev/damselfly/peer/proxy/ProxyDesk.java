package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.download.DownloadListener;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.download.GetSpec;
import dev.damselfly.peer.download.LocalCaller;
import dev.damselfly.peer.origin.OriginBody;
import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.origin.Relay;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;

/// The mirror without sockets and registries: a connection is its bytes, and what would be asked of a registry is kept.
/// Not thread-safe.
@NullMarked
public final class ProxyDesk {
  /// The registries of the configuration, and the only other place that callers may be sent to.
  public static final String HUB = "https://hub.test";
  public static final String OTHER = "http://other.test:5000";
  public static final String TOKENS = "https://token.test";

  /// The web server of a guarded desk, which is `files.test` to callers.
  public static final String FILES = "https://files.test:8443";

  /// What the one caller of a guarded desk sends.
  public static final String CALLER = "Basic Y2k6MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

  private static final String TOKEN = "01234567890123456789012345678901";

  /// Where the mirror listens.
  public static final int PORT = 65_001;

  private static final HeadLimits LIMITS = new HeadLimits(4096, 16, 1024, 1024);
  private static final byte[] BODY = "{}".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

  private final List<Asked> asked = new ArrayList<>();
  private final Mirror mirror;
  private int status = 200;
  private String said = "";

  /// A head that was accepted.
  ///
  /// @param length bytes of it
  public record Head(int length, String method, String target, Map<String, String> headers) {}

  /// What would go to a registry.
  ///
  /// @param headers of the request, the caller's and ours
  public record Asked(String method, String url, Map<String, String> headers) {}

  /// What came back.
  ///
  /// @param head bytes of the answer's head; empty when there was none
  public record Told(byte[] head, byte[] body, boolean keepAlive) {}

  /// For every program of its host.
  public ProxyDesk(Audit audit) {
    this(audit, Optional.empty(), List.of());
  }

  /// For one caller, and a web server for it; `other.test` is open to the host.
  public static ProxyDesk guarded(Audit audit) {
    var hash = Sha256.of(Sha256.newDigest().digest(TOKEN.getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    byte[] file = ("ci:sha256:" + hash).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    var site = new Site("files.test", FILES, List.of("/big/"), true, new Access(Set.of("ci"), false));
    return new ProxyDesk(audit, Optional.of(ProxyCallers.parse(file, new ArrayList<>())), List.of(site));
  }

  private ProxyDesk(Audit audit, Optional<ProxyCallers> callers, List<Site> sites) {
    var upstreams =
        new Upstreams(
            List.of(
                new Upstream("hub.test", HUB, List.of(TOKENS), true),
                new Upstream("other.test", OTHER, List.of(), false, new Access(Set.of(), callers.isPresent()))));
    var reception = new Reception(new Doorkeeper(callers, 1000, () -> 0), upstreams, sites);
    var servers =
        new Forwarder() {
          @Override
          public Relay exchange(String method, OriginRequest request, Map<String, String> own) {
            return ProxyDesk.this.exchange(method, request, own);
          }

          @Override
          public Relay once(String method, OriginRequest request, Map<String, String> own) {
            return ProxyDesk.this.exchange(method, request, own);
          }
        };
    mirror = new Mirror(LIMITS, reception, new NoBlobs(), servers, audit, 4096);
  }

  /// The readers that this covers.
  public static List<Class<?>> readers() {
    return List.of(HeadParser.class, Route.class, Challenge.class, ProxyCallers.class, ProxyCredential.class);
  }

  /// Names of a file of callers, if all of it is accepted.
  public static Optional<Set<String>> callers(byte[] file) {
    var problems = new ArrayList<String>();
    ProxyCallers callers = ProxyCallers.parse(file, problems);
    return problems.isEmpty() ? Optional.of(callers.names()) : Optional.empty();
  }

  /// Length of the first head of the connection; 0 when it has no end.
  public static int end(byte[] connection) {
    return HeadParser.end(Unpooled.wrappedBuffer(connection), 0);
  }

  /// The first head of the connection, if it is accepted.
  public static Optional<Head> read(byte[] connection) {
    int end = end(connection);
    if (end == 0) {
      return Optional.empty();
    }
    try {
      RequestHead head = HeadParser.parse(Arrays.copyOf(connection, end), LIMITS);
      String target =
          (head.absolute() ? "http://" + head.authority() : "") + head.path() + (head.query().isEmpty() ? "" : "?" + head.query());
      return Optional.of(new Head(end, head.method(), target, head.headers()));
    } catch (Refusal refused) {
      return Optional.empty();
    }
  }

  /// Answers the head.
  ///
  /// @param registryStatus what a registry answers
  /// @param registryWord value of every header of a registry
  public Told answer(byte[] head, int registryStatus, String registryWord) {
    status = registryStatus;
    said = registryWord;
    asked.clear();
    var reply = new Kept();
    try {
      var local = new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT);
      boolean keep = mirror.answer(head, local, "127.0.0.1:1", reply);
      return new Told(reply.head, reply.body.toByteArray(), keep);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError("nothing here can break", e);
    }
  }

  public List<Asked> asked() {
    return List.copyOf(asked);
  }

  private Relay exchange(String method, OriginRequest request, Map<String, String> own) {
    note(method, request.url(), request.headers(), own);
    return new Answer();
  }

  private void note(String method, String url, Map<String, String> callers, Map<String, String> own) {
    var all = new TreeMap<>(callers);
    all.putAll(own);
    asked.add(new Asked(method, url, all));
  }

  private static final class Kept implements Reply {
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private byte[] head = new byte[0];
    private boolean last;

    @Override
    public void head(ResponseHead answer) {
      if (begun()) {
        throw new AssertionError("two heads");
      }
      head = answer.bytes(Instant.EPOCH, !last);
    }

    @Override
    public void body(ByteBuf bytes) {
      byte[] part = new byte[bytes.readableBytes()];
      bytes.readBytes(part);
      bytes.release();
      body.writeBytes(part);
    }

    @Override
    public void last() {
      last = true;
    }

    @Override
    public boolean begun() {
      return head.length > 0;
    }

    @Override
    public void onGone(Runnable listener) {}
  }

  /// A registry that says one word in every header.
  private final class Answer implements Relay {
    @Override
    public int status() {
      return status;
    }

    @Override
    public Optional<String> header(String name) {
      return said.isEmpty() ? Optional.empty() : Optional.of(said);
    }

    @Override
    public List<String> headers(String name) {
      return said.isEmpty() ? List.of() : List.of(said);
    }

    @Override
    public OptionalLong length() {
      return OptionalLong.of(BODY.length);
    }

    @Override
    public OriginBody body() {
      return new OriginBody() {
        private boolean read;

        @Override
        public int read(ByteBuffer into) {
          if (read) {
            return -1;
          }
          read = true;
          into.put(BODY);
          return BODY.length;
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {}
  }

  /// A registry has the blob for whoever asks for its facts, and says no when it is to be fetched.
  private final class NoBlobs implements Blobs {
    @Override
    public Optional<ContentFacts> stat(GetSpec spec, LocalCaller caller) {
      note("GET", spec.download().getUrl(), spec.download().getRequestHeaderMap(), Map.of());
      if (status >= 400) {
        throw new OriginRefused(Reason.ORIGIN_FAILED, status, "no");
      }
      return Optional.of(new ContentFacts(OptionalLong.of(20), 4L << 20, "", "", true));
    }

    @Override
    public void requireUnblocked(dev.damselfly.peer.proxy.Asked ask) {}

    @Override
    public Downloads.Handle get(GetSpec spec, LocalCaller caller, DownloadListener listener) {
      note("GET", spec.download().getUrl(), spec.download().getRequestHeaderMap(), Map.of());
      throw new OriginRefused(Reason.ORIGIN_FAILED, Math.max(status, 400), "no");
    }
  }
}
