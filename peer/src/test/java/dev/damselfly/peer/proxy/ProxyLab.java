package dev.damselfly.peer.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.block.BlockGate;
import dev.damselfly.peer.download.DownloadConfig;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.download.Explain;
import dev.damselfly.peer.origin.Egress;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.origin.OriginsConfig;
import dev.damselfly.peer.origin.Place;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.testing.Alone;
import dev.damselfly.peer.time.SystemTimer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.NullMarked;

/// A registry mirror before two small registries: `hub.test` is the default, `other.test` is the second. Everything but the
/// scheduler is real.
@NullMarked
final class ProxyLab implements AutoCloseable {
  /// Tokens of the callers `ci` and `dev`.
  static final String CI = "token-of-ci-with-more-than-32-characters";
  static final String DEV = "token-of-dev-with-more-than-32-characters";

  static final Duration DECISION_TTL = Duration.ofMinutes(5);

  final TestRegistry hub = TestRegistry.start();
  final TestRegistry other = TestRegistry.start();
  final TestRegistry web = TestRegistry.start();
  final MemoryAudit audit = new MemoryAudit();
  final ManualClock clock = ManualClock.somewhere();

  /// Every place that a connection was made to.
  final List<Place> connected = new CopyOnWriteArrayList<>();

  final PieceStore store;
  private final SystemTimer timer = new SystemTimer("lab");
  private final Origins origins;
  private final Downloads downloads;
  private final ProxyServer server;
  private final List<RawHttp> clients = new ArrayList<>();

  ProxyLab(Path directory) throws IOException {
    this(directory, Map.of());
  }

  /// @param limits chosen values by their key
  ProxyLab(Path directory, Map<String, Long> limits) throws IOException {
    this(directory, limits, false, attempt -> {});
  }

  /// The guarded one, with a block list.
  ProxyLab(Path directory, BlockGate gate) throws IOException {
    this(directory, Map.of(), true, gate);
  }

  /// A proxy with two callers, [#CI] and [#DEV], and the web server `files.test`, which is for the first of them. The second
  /// registry is for the first of them, too, and open to the host.
  static ProxyLab guarded(Path directory, Map<String, Long> limits) throws IOException {
    return new ProxyLab(directory, limits, true, attempt -> {});
  }

  private ProxyLab(Path directory, Map<String, Long> limits, boolean guarded, BlockGate gate) throws IOException {
    store = PieceStore.open(directory, new StoreConfig(1L << 30, 90, 80, Duration.ofDays(1)), clock);
    origins = new Origins(OriginsConfig.standard("test"), this::egress);
    var colleagues = Alone.with(store, origins, timer, clock, audit, gate);
    var config =
        new DownloadConfig(2, 8, 8, Duration.ZERO, Duration.ofMillis(1), Duration.ofSeconds(5), DECISION_TTL);
    downloads = new Downloads(colleagues, config);
    server =
        new ProxyServer(
                config(guarded),
                downloads,
                Forwarder.of(origins),
                audit,
                Limits.configured(Part.PEER, limits),
                clock)
            .start();
  }

  private ProxyConfig config(boolean guarded) {
    var listen = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var first = new Upstream("hub.test", hub.url(), List.of("http://token.test:5003"), true);
    if (!guarded) {
      return new ProxyConfig(listen, List.of(first, new Upstream("other.test", other.url(), List.of(), false)));
    }
    var second = new Upstream("other.test", other.url(), List.of(), false, new Access(Set.of("ci"), true));
    var site = new Site("files.test", web.url(), List.of("/big/"), true, new Access(Set.of("ci"), false));
    var callers = ProxyCallers.parse(ascii("ci:sha256:" + hash(CI) + "\ndev:sha256:" + hash(DEV) + "\n"), new ArrayList<>());
    return new ProxyConfig(listen, Optional.of(callers), List.of(first, second), List.of(site));
  }

  static String hash(String token) {
    return Sha256.of(Sha256.newDigest().digest(ascii(token))).hex();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /// The header of a caller.
  static String as(String name, String token) {
    return "Proxy-Authorization: Basic " + Base64.getEncoder().encodeToString(ascii(name + ":" + token));
  }

  private Egress.Way egress(Place place) {
    connected.add(place);
    if (!place.host().equals("127.0.0.1")) {
      throw new Refused(Reason.EGRESS_DENIED, "egress: no rule allows this host");
    }
    return new Egress.Way(new InetSocketAddress(InetAddress.getLoopbackAddress(), place.port()), Optional.empty());
  }

  int port() {
    return server.port();
  }

  Explain explain() {
    return new Explain(store);
  }

  RawHttp connect() throws IOException {
    var client = new RawHttp(port());
    clients.add(client);
    return client;
  }

  /// One request on a connection of its own.
  ///
  /// @param headers lines, without their ends
  RawHttp.Answer ask(String method, String target, String... headers) throws IOException {
    try (var client = new RawHttp(port())) {
      client.send(request(method, target, headers));
      return client.read(method.equals("HEAD"));
    }
  }

  RawHttp.Answer get(String target, String... headers) throws IOException {
    return ask("GET", target, headers);
  }

  String request(String method, String target, String... headers) {
    var text = new StringBuilder(method + " " + target + " HTTP/1.1~Host: 127.0.0.1:" + port() + "~");
    for (String header : headers) {
      text.append(header).append('~');
    }
    return text.append('~').toString();
  }

  /// Waits until no download runs: a running one spares the registry questions about public content.
  void awaitRest() {
    while (downloads.active() > 0) {
      assertThat(Thread.interrupted()).as("out of time: a download goes on").isFalse();
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() throws IOException {
    for (RawHttp client : clients) {
      client.close();
    }
    server.close();
    downloads.close();
    origins.close();
    timer.close();
    store.close();
    hub.close();
    other.close();
    web.close();
  }
}
