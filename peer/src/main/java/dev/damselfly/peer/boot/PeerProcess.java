package dev.damselfly.peer.boot;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.local.v1.StatusReply;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.egress.EgressGate;
import dev.damselfly.authz.egress.SystemResolver;
import dev.damselfly.authz.egress.Target;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.guard.LegacyServer;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Advertised;
import dev.damselfly.authz.policy.Bindings;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.HandshakeListener;
import dev.damselfly.authz.tls.TlsContexts;
import dev.damselfly.peer.block.BlockLists;
import dev.damselfly.peer.control.LocalPeople;
import dev.damselfly.peer.control.LocalServer;
import dev.damselfly.peer.discover.HostFacts;
import dev.damselfly.peer.discover.HostSelf;
import dev.damselfly.peer.discover.ManagerWatch;
import dev.damselfly.peer.discover.SchedulerHolders;
import dev.damselfly.peer.discover.SchedulerTasks;
import dev.damselfly.peer.discover.Schedulers;
import dev.damselfly.peer.download.Colleagues;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.download.OriginReader;
import dev.damselfly.peer.download.SeedFetches;
import dev.damselfly.peer.origin.Egress;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.origin.OriginsConfig;
import dev.damselfly.peer.proxy.Forwarder;
import dev.damselfly.peer.proxy.ProxyConfig;
import dev.damselfly.peer.proxy.ProxyServer;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.swarm.GrpcSwarms;
import dev.damselfly.peer.time.SystemTimer;
import dev.damselfly.peer.time.Timer;
import dev.damselfly.peer.tools.InlineBudget;
import dev.damselfly.peer.tools.OutputPlaces;
import dev.damselfly.peer.tools.ToolDownload;
import dev.damselfly.peer.tools.ToolsConfig;
import dev.damselfly.peer.tools.ToolsRpc;
import dev.damselfly.peer.tools.ToolsServer;
import dev.damselfly.peer.transfer.ParentLinks;
import dev.damselfly.peer.transfer.TransferLimits;
import dev.damselfly.peer.upload.GrantVerifier;
import dev.damselfly.peer.upload.HostPulse;
import dev.damselfly.peer.upload.LegacyPieceListener;
import dev.damselfly.peer.upload.LegacyUploadRpc;
import dev.damselfly.peer.upload.PieceAddress;
import dev.damselfly.peer.upload.PieceListener;
import dev.damselfly.peer.upload.UploadLimits;
import dev.damselfly.peer.upload.UploadPolicy;
import dev.damselfly.peer.upload.UploadRpc;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One peer or seed peer: serves pieces, downloads, and answers local users. The launcher calls [#start] once and
/// [#close] once. Thread-safe.
public final class PeerProcess implements AutoCloseable {
  private static final Duration COLLECT_EVERY = Duration.ofMinutes(1);

  private final PeerConfig config;
  private final IdentitySource identity;
  private final RoleTemplate roles;
  private final Audit audit;
  private final InstantSource clock;
  private final DaemonAnswers.Surroundings surroundings;
  private final Limits limits = Limits.of(Part.PEER);

  @GuardedBy("this")
  private final Deque<Runnable> closers = new ArrayDeque<>();

  @GuardedBy("this")
  private @Nullable GuardedServer server;

  @GuardedBy("this")
  private @Nullable ProxyServer proxy;

  @GuardedBy("this")
  private @Nullable Legacy legacy;

  @GuardedBy("this")
  private @Nullable ToolsServer tools;

  /// What serves children without an identity.
  record Legacy(LegacyServer server, int piecePort) {}

  /// @param stop runs when a local user asks the daemon to stop
  /// @param others further components of the process, for `status`
  public PeerProcess(
      PeerConfig config,
      IdentitySource identity,
      RoleTemplate roles,
      Audit audit,
      InstantSource clock,
      Runnable stop,
      Supplier<List<StatusReply.Component>> others) {
    this.config = config;
    this.identity = identity;
    this.roles = roles;
    this.audit = config.legacy().isPresent() ? new LegacyAudit(audit) : audit;
    this.clock = clock;
    this.surroundings = new DaemonAnswers.Surroundings(others, stop);
  }

  /// Opens the store, serves, finds schedulers, announces this host, and only then answers local users. On failure
  /// nothing stays open.
  ///
  /// @throws IOException when store, addresses or socket cannot be had, the identity is not a peer's, or no scheduler answers
  public synchronized void start() throws IOException {
    if (server != null) {
      throw new IllegalStateException("already started");
    }
    var meaning =
        roles
            .meaningOf(identity.current().id())
            .filter(own -> own.role() == Role.PEER || own.role() == Role.SEED_PEER)
            .orElseThrow(() -> new IOException("the identity of this process is not one of a peer"));
    try {
      run(meaning);
    } catch (RequestFailure e) {
      var failure = new IOException(e.safeText(), e);
      closeAfter(failure);
      throw failure;
    } catch (IOException | RuntimeException e) {
      closeAfter(e);
      throw e;
    }
  }

  private HostSelf self(RoleTemplate.Meaning meaning, int port, int piecePort) {
    return new HostSelf(
        config.place().ip(),
        meaning.name(),
        meaning.role() == Role.SEED_PEER,
        meaning.cluster().orElseThrow(),
        port,
        piecePort,
        config.place().idc(),
        config.place().location());
  }

  @GuardedBy("this")
  private void run(RoleTemplate.Meaning meaning) throws IOException {
    var timer = own(new SystemTimer("peer-timer"), SystemTimer::close);
    var channels = own(new GuardedChannels(identity, roles, audit, clock), GuardedChannels::close);
    var store = own(PieceStore.open(config.storeDirectory(), config.store(), clock), PieceStore::close);
    collectNowAndThen(store, timer);
    var connections = own(new ConnectionRegistry(identity, clock), ConnectionRegistry::close).start();
    var tls = new TlsContexts(identity, roles, clock, HandshakeListener.auditing(audit));
    var late = new LateParts();
    var grants = new GrantVerifier(identity, roles, late, clock, audit);
    var pieces =
        own(
                new PieceListener(config.pieceListen(), tls, connections, store, grants, UploadLimits.standard(), audit),
                PieceListener::close)
            .start();
    server = serve(store, grants, pieces, late, meaning.cluster().orElseThrow());
    OptionalInt legacyPort = serveLegacy(store, late, meaning.cluster().orElseThrow());

    var self = self(meaning, server.port(), pieces.port());
    var facts = new HostFacts(self, config.storeDirectory(), Path.of("/proc"));
    late.facts(facts);
    var blocks = BlockLists.open(config.storeDirectory().resolve("block-list"), self.cluster(), self.seed(), audit);
    var schedulers = discover(new Discovery(channels, self, facts, timer, clock), blocks, late);
    var links = own(new ParentLinks(tls, connections, audit, TransferLimits.standard()), ParentLinks::close);
    var origins = own(new Origins(OriginsConfig.standard(HostFacts.version()), egress()), Origins::close);
    var random = new SecureRandom();
    var colleagues =
        new Colleagues(
            store, OriginReader.of(origins), new GrpcSwarms(schedulers, self, random, legacyPort), links::open, timer, clock, audit, random, blocks);
    var parents = LegacyParts.parents(config.downloads(), colleagues, new SchedulerHolders(schedulers, self.id().value()), limits);
    var downloads = own(new Downloads(colleagues, config.downloads().sessions(), parents), Downloads::close);
    downloads.start();
    late.seeds(new SeedFetches(downloads, self.id().value()));
    var answers = new DaemonAnswers(store, config.store().quotaBytes(), identity, clock, self, schedulers, limits, blocks, surroundings);
    listen(downloads, answers, timer);
    if (config.downloads().tools().isPresent()) {
      serveTools(config.downloads().tools().get(), downloads, store, new SchedulerTasks(schedulers, self.id().value()));
    }
    if (config.downloads().proxy().isPresent()) {
      proxy = own(mirror(config.downloads().proxy().get(), downloads, origins), ProxyServer::close).start();
    }
  }

  private ProxyServer mirror(ProxyConfig mirror, Downloads downloads, Origins origins) {
    return new ProxyServer(mirror, downloads, Forwarder.of(origins), audit, limits, clock);
  }

  @GuardedBy("this")
  private GuardedServer serve(
      PieceStore store, GrantVerifier grants, PieceListener pieces, LateParts late, String cluster) throws IOException {
    var timer = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("peer-beats").factory());
    timer.setRemoveOnCancelPolicy(true); // a stream that ended is not kept until its grant would have
    ScheduledExecutorService beats = own(timer, ScheduledExecutorService::shutdownNow);
    var address = new PieceAddress(config.place().ip(), pieces.port());
    var rpc =
        new UploadRpc(store, grants, () -> address, new HostPulse(late::sample, beats), late, late, audit, beats);
    var health = new HealthStatusManager();
    var policy = Policy.ofCluster(cluster, UploadPolicy.rows(new Bindings(Advertised.observedOnly())));
    var services = List.of(rpc.service(), health.getHealthService().bindService());
    var around = new GuardedServer.Surroundings(identity, roles, audit, limits, clock);
    var serving = own(new GuardedServer(config.listen(), services, policy, around).start(), GuardedServer::close);
    health.setStatus(dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc.SERVICE_NAME, ServingStatus.SERVING);
    closers.push(health::enterTerminalState);
    return serving;
  }

  /// @return the port of the upload service for children without an identity, if there is one
  @GuardedBy("this")
  private OptionalInt serveLegacy(PieceStore store, LateParts late, String cluster) throws IOException {
    if (config.legacy().isEmpty()) {
      return OptionalInt.empty();
    }
    var own = config.legacy().get();
    var place = new LegacyCallers.Place(identity.current().id().trustDomain(), cluster);
    var callers = new LegacyCallers(place, own.listener().allowFrom());
    var pieces =
        own(
                new LegacyPieceListener(own.pieceListen(), callers, store, UploadLimits.standard(), audit),
                LegacyPieceListener::close)
            .start();
    var timer = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("legacy-beats").factory());
    timer.setRemoveOnCancelPolicy(true);
    ScheduledExecutorService beats = own(timer, ScheduledExecutorService::shutdownNow);
    var address = new PieceAddress(config.place().ip(), pieces.port());
    var rpc = new LegacyUploadRpc(store, address, new HostPulse(late::sample, beats), beats);
    var health = new HealthStatusManager();
    var bindings = new Bindings(new Advertised(own.listener().advertiseWithin()));
    var policy = Policy.ofCluster(cluster, UploadPolicy.legacyRows(bindings));
    var services = List.of(rpc.service(), health.getHealthService().bindService());
    var serving =
        own(new LegacyServer(own.listener(), services, policy, place, audit, limits).start(), LegacyServer::close);
    health.setStatus(dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc.SERVICE_NAME, ServingStatus.SERVING);
    closers.push(health::enterTerminalState);
    legacy = new Legacy(serving, pieces.port());
    return OptionalInt.of(serving.port());
  }

  @GuardedBy("this")
  private Schedulers discover(Discovery discovery, BlockLists blocks, LateParts late) {
    ManagedChannel manager =
        own(discovery.channels().open(config.manager(), Expected.role(Role.MANAGER)), ManagedChannel::shutdownNow);
    var schedulers = own(discovery.schedulers(manager, blocks, late), Schedulers::close);
    schedulers.start();
    ManagerWatch.start(manager, schedulers::refresh);
    return schedulers;
  }

  @GuardedBy("this")
  private void listen(Downloads downloads, DaemonAnswers answers, Timer timer) throws IOException {
    var owner = Files.getOwner(config.storeDirectory());
    var people = LocalPeople.of(FileSystems.getDefault(), owner, config.local().users(), config.local().group());
    own(new LocalServer(config.local(), people, downloads, answers, audit, timer), LocalServer::close).start();
  }

  @GuardedBy("this")
  private void serveTools(ToolsConfig own, Downloads downloads, PieceStore store, SchedulerTasks swarm) throws IOException {
    var people = LocalPeople.of(FileSystems.getDefault(), Files.getOwner(config.storeDirectory()), own.users(), own.group());
    var budget =
        new InlineBudget(limits.value(Bound.BYTES_IN_FLIGHT_PER_IDENTITY), limits.value(Bound.BYTES_IN_FLIGHT));
    var threads = Thread.ofVirtual().name("tool-download-", 0).factory();
    var parts =
        new ToolDownload.Parts(
            downloads, new OutputPlaces(own.outputs()), budget, audit, clock, swarm.hostId(), run -> threads.newThread(run).start());
    var rpc = new ToolsRpc(parts, store, swarm::stat);
    tools =
        own(
                new ToolsServer(own, people, identity.current().id().trustDomain(), rpc, audit, limits),
                ToolsServer::close)
            .start();
  }

  /// The one gate, as the origins ask it.
  private Egress egress() {
    var resolver = new SystemResolver(limits.time(Bound.DNS_TIME));
    var gate = new EgressGate(config.downloads().egress(), resolver, limits.count(Bound.DNS_ANSWERS), audit);
    return place -> {
      var target = new Target(place.scheme(), place.host(), place.port());
      return new Egress.Way(gate.check(target, "origin").getFirst().address(), gate.authorityOf(target));
    };
  }

  private static void collectNowAndThen(PieceStore store, Timer timer) {
    timer.after(
        COLLECT_EVERY,
        () -> {
          store.collect();
          collectNowAndThen(store, timer);
        });
  }

  /// Closed in reverse order of opening.
  @GuardedBy("this")
  private <T> T own(T part, java.util.function.Consumer<T> close) {
    closers.push(() -> close.accept(part));
    return part;
  }

  private void closeAfter(Exception failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /// Port of the upload service.
  ///
  /// @throws IllegalStateException before [#start]
  public synchronized int port() {
    return server().port();
  }

  /// What serves children without an identity; absent unless it is configured and started.
  synchronized Optional<Legacy> legacy() {
    return Optional.ofNullable(legacy);
  }

  /// What serves upstream's tools; absent unless it is configured and started.
  synchronized Optional<ToolsServer> tools() {
    return Optional.ofNullable(tools);
  }

  /// Port of the registry mirror; empty without one.
  public synchronized OptionalInt proxyPort() {
    ProxyServer mirror = proxy;
    return mirror == null ? OptionalInt.empty() : OptionalInt.of(mirror.port());
  }

  /// What serves, for tests that ask it.
  synchronized GuardedServer server() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return server;
  }

  /// Stops answering, waits for what is being written, leaves the schedulers. Idempotent.
  @Override
  public synchronized void close() {
    RuntimeException failure = null;
    while (!closers.isEmpty()) {
      try {
        closers.pop().run();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure; // the others must still be closed
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
