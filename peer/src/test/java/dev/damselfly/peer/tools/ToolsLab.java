package dev.damselfly.peer.tools;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.common.v2.Task;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonDownloadGrpc;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.block.BlockGate;
import dev.damselfly.peer.control.LocalPeople;
import dev.damselfly.peer.download.DownloadConfig;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.origin.Egress;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.origin.OriginsConfig;
import dev.damselfly.peer.origin.Place;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.testing.Alone;
import dev.damselfly.peer.time.SystemTimer;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;

/// The socket of upstream's tools with a real store, real downloads from loopback, and a client of its own.
@NullMarked
final class ToolsLab implements AutoCloseable {
  static final Set<String> NOBODY = Set.of();

  final MemoryAudit audit = new MemoryAudit();
  final Path socket;
  final Path outputs;
  final PieceStore store;
  private final SystemTimer timer = new SystemTimer("tools-lab");
  private final Origins origins;
  private final Downloads downloads;
  private final ToolsServer server;
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ManagedChannel channel;

  /// @param self whom the daemon takes for its own user
  /// @param users who may connect besides root and that one
  ToolsLab(Path directory, UserPrincipal self, Set<String> users, Map<String, Long> limits) throws IOException {
    this(directory, self, users, limits, attempt -> {});
  }

  /// The user of this process is the daemon's.
  ToolsLab(Path directory, BlockGate gate) throws IOException {
    this(directory, Files.getOwner(directory), NOBODY, Map.of(), gate);
  }

  private ToolsLab(Path directory, UserPrincipal self, Set<String> users, Map<String, Long> limits, BlockGate gate)
      throws IOException {
    socket = directory.resolve("s").resolve("d.sock");
    var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    outputs = Files.createDirectory(directory.resolve("out"), mode);
    store = PieceStore.open(directory.resolve("store"), new StoreConfig(1L << 30, 90, 80, Duration.ofDays(1)), InstantSource.system());
    origins = new Origins(OriginsConfig.standard("test"), ToolsLab::egress);
    var colleagues = Alone.with(store, origins, timer, InstantSource.system(), audit, gate);
    var config =
        new DownloadConfig(
            2, 8, 8, Duration.ZERO, Duration.ofMillis(1), Duration.ofSeconds(5), Duration.ofMinutes(1));
    downloads = new Downloads(colleagues, config);
    var parts =
        new ToolDownload.Parts(
            downloads,
            new OutputPlaces(List.of(outputs)),
            new InlineBudget(1, 1), // one piece at a time
            audit,
            InstantSource.system(),
            "127.0.0.1-lab",
            run -> Thread.ofVirtual().start(run));
    var rpc = new ToolsRpc(parts, store, id -> Task.newBuilder().setId(id.value()).setUrl("http://origin.example/s").build());
    var people = LocalPeople.of(FileSystems.getDefault(), self, users, Optional.empty());
    server =
        new ToolsServer(
                new ToolsConfig(socket, users, Optional.empty(), List.of(outputs)),
                people,
                new TrustDomain("test.example"),
                rpc,
                audit,
                Limits.configured(Part.PEER, limits))
            .start();
    channel = connect();
  }

  /// The user of this process is the daemon's.
  ToolsLab(Path directory) throws IOException {
    this(directory, Files.getOwner(directory), NOBODY, Map.of());
  }

  private static Egress.Way egress(Place place) {
    if (!place.host().equals("127.0.0.1")) {
      throw new Refused(Reason.EGRESS_DENIED, "egress: no rule allows this host");
    }
    return new Egress.Way(new InetSocketAddress(InetAddress.getLoopbackAddress(), place.port()), Optional.empty());
  }

  /// One more connection.
  ManagedChannel connect() {
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
        .channelType(NioDomainSocketChannel.class)
        .eventLoopGroup(loop)
        .overrideAuthority("localhost")
        .maxInboundMessageSize(128 << 20)
        .withOption(ChannelOption.SO_KEEPALIVE, null)
        .usePlaintext()
        .disableRetry()
        .build();
  }

  DfdaemonDownloadGrpc.DfdaemonDownloadBlockingStub stub() {
    return DfdaemonDownloadGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  ManagedChannel channel() {
    return channel;
  }

  int connections() {
    return server.server().connections();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    downloads.close();
    origins.close();
    timer.close();
    store.close();
  }
}
