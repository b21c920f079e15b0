package dev.damselfly.dist.issuer;

import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// Serves the SPIFFE Workload API for development: one private Unix socket per identity, `<directory>/<name>.sock`.
/// Who may open the socket gets the identity, so the directory belongs to its user alone; there is no other transport.
///
/// SVIDs are renewed at half of their life and pushed on the open streams. Thread-safe; [#close] ends all sockets.
public final class DevelopmentIssuer implements AutoCloseable {
  private static final int MAX_IDENTITIES = 64;
  private static final int MAX_SOCKET_PATH = 100;

  private final Path directory;
  private final Duration life;
  private final DevelopmentCa ca;
  private final Map<String, SpiffeId> identities;
  private final List<Server> servers = new ArrayList<>();
  private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ScheduledExecutorService renewals =
      Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().name("dev-issuer").daemon().factory());

  /// @param directory created with mode 0700 when absent; refused when it is open to others
  /// @param identities served identities by socket name (letters, digits, `-`, `_`)
  /// @param life life of an SVID, at least 10 s
  /// @throws IllegalArgumentException naming the rule that is broken
  public DevelopmentIssuer(
      Path directory, TrustDomain domain, Map<String, SpiffeId> identities, Duration life, InstantSource clock) {
    if (identities.isEmpty() || identities.size() > MAX_IDENTITIES) {
      throw new IllegalArgumentException("1 to " + MAX_IDENTITIES + " identities");
    }
    if (life.compareTo(Duration.ofSeconds(10)) < 0) {
      throw new IllegalArgumentException("an SVID lives at least 10 s");
    }
    identities.forEach((name, id) -> requireServable(directory, domain, name, id));
    this.directory = directory;
    this.life = life;
    this.identities = new LinkedHashMap<>(identities);
    this.ca = new DevelopmentCa(domain, clock);
  }

  private static void requireServable(Path directory, TrustDomain domain, String name, SpiffeId id) {
    if (!name.matches("[A-Za-z0-9_-]{1,64}")) {
      throw new IllegalArgumentException("socket names have letters, digits, '-', '_'");
    }
    if (!id.trustDomain().equals(domain) || id.path().isEmpty()) {
      throw new IllegalArgumentException("identities have a path in the issuer's trust domain");
    }
    if (socket(directory, name).toString().length() > MAX_SOCKET_PATH) {
      throw new IllegalArgumentException("the socket path is longer than " + MAX_SOCKET_PATH + " characters; choose a shorter directory");
    }
  }

  /// Where an identity is served.
  public Path socketOf(String name) {
    return socket(directory, name);
  }

  private static Path socket(Path directory, String name) {
    return directory.resolve(name + ".sock");
  }

  public DevelopmentIssuer start() throws IOException {
    prepareDirectory();
    for (var entry : identities.entrySet()) {
      Path socket = socketOf(entry.getKey());
      Files.deleteIfExists(socket);
      var api = new WorkloadApi(ca, entry.getValue(), life);
      Server server =
          NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
              .channelType(NioServerDomainSocketChannel.class)
              .bossEventLoopGroup(loops)
              .workerEventLoopGroup(loops)
              .withChildOption(io.netty.channel.ChannelOption.SO_KEEPALIVE, null)
              .executor(Executors.newVirtualThreadPerTaskExecutor())
              .maxInboundMessageSize(64 << 10)
              .addService(ServerInterceptors.intercept(api, new SecurityHeader()))
              .build()
              .start();
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      servers.add(server);
      long half = life.toMillis() / 2;
      renewals.scheduleAtFixedRate(api::renew, half, half, TimeUnit.MILLISECONDS);
    }
    return this;
  }

  private void prepareDirectory() throws IOException {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("the issuer's directory must be a directory, not a link");
    }
    var owner = Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS);
    String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS));
    if (!mode.endsWith("------") || !owner.getName().equals(System.getProperty("user.name"))) {
      throw new IOException("the issuer's directory must be this user's own, with mode 0700");
    }
  }

  @Override
  public void close() {
    renewals.shutdownNow();
    servers.forEach(Server::shutdownNow);
    for (String name : identities.keySet()) {
      try {
        Files.deleteIfExists(socketOf(name));
      } catch (IOException e) {
        System.getLogger("dev-issuer").log(System.Logger.Level.WARNING, "a socket of the issuer could not be removed");
      }
    }
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
