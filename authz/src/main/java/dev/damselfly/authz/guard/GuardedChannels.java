package dev.damselfly.authz.guard;

import dev.damselfly.api.id.HostPort;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.HandshakeListener;
import dev.damselfly.authz.tls.TlsContexts;
import io.grpc.ManagedChannel;
import io.grpc.internal.GrpcUtil;
import io.grpc.netty.InternalNettyChannelBuilder;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The only way to open gRPC channels over a network. Mutual TLS 1.3; the server must be `expected`, else the
/// handshake fails and the refusal is recorded. No session resumption; a connection ends with either SVID, and new
/// calls go to a new one before that. With a new SVID all channels try again at once, however long they failed with the one
/// before. Thread-safe.
public final class GuardedChannels implements AutoCloseable {
  private static final int CONNECT_MILLIS = 3000;
  private static final int MAX_MESSAGE = 4 << 20; // B-13
  private static final int MAX_METADATA = 16 << 10; // B-14

  private final TlsContexts tls;
  private final ConnectionRegistry registry;
  private final Set<ManagedChannel> opened = ConcurrentHashMap.newKeySet();
  private final IdentitySource.Subscription renewals;
  private final EventLoopGroup loops = Loops.group(1);
  private final ExecutorService callbacks =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("rpc-client-", 0).factory());

  public GuardedChannels(IdentitySource identity, RoleTemplate roles, Audit audit) {
    this(identity, roles, audit, InstantSource.system());
  }

  public GuardedChannels(IdentitySource identity, RoleTemplate roles, Audit audit, InstantSource clock) {
    this.tls = new TlsContexts(identity, roles, clock, HandshakeListener.auditing(audit));
    this.registry = new ConnectionRegistry(identity, clock).start();
    this.renewals = identity.subscribe(_ -> tryAgain());
  }

  private void tryAgain() {
    opened.removeIf(ManagedChannel::isShutdown);
    opened.forEach(ManagedChannel::resetConnectBackoff);
  }

  /// The caller shuts the channel down.
  public ManagedChannel open(HostPort address, Expected expected) {
    var builder =
        NettyChannelBuilder.forAddress(new InetSocketAddress(address.host(), address.port()))
            .channelType(Loops.channel())
            .eventLoopGroup(loops)
            .executor(callbacks)
            .overrideAuthority(ClientNegotiator.AUTHORITY)
            .withOption(io.netty.channel.ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
            .maxInboundMessageSize(MAX_MESSAGE)
            .maxInboundMetadataSize(MAX_METADATA)
            .keepAliveTime(60, TimeUnit.SECONDS)
            .keepAliveTimeout(20, TimeUnit.SECONDS)
            .disableRetry();
    var factory = new Negotiators(expected);
    InternalNettyChannelBuilder.setProtocolNegotiatorFactory(builder, factory);
    var channel = builder.build();
    factory.channel.set(channel);
    opened.removeIf(ManagedChannel::isShutdown);
    opened.add(channel);
    return channel;
  }

  private final class Negotiators implements InternalProtocolNegotiator.ClientFactory {
    private final Expected expected;
    private final AtomicReference<@Nullable ManagedChannel> channel = new AtomicReference<>();

    Negotiators(Expected expected) {
      this.expected = expected;
    }

    @Override
    public InternalProtocolNegotiator.ProtocolNegotiator newNegotiator() {
      return new ClientNegotiator(tls, expected, registry, this::renew);
    }

    /// Make before break: the next call connects anew, with the SVIDs of then.
    private void renew() {
      var open = channel.get();
      if (open != null) {
        open.enterIdle();
      }
    }

    @Override
    public int getDefaultPort() {
      return GrpcUtil.DEFAULT_PORT_SSL;
    }
  }

  /// Ends every connection of every channel.
  @Override
  public void close() {
    renewals.close();
    registry.close();
    callbacks.shutdown();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
