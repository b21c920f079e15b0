package dev.damselfly.authz.tls;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.Verdict;
import dev.damselfly.authz.tls.HandshakeListener.Refusal;
import io.grpc.netty.GrpcSslContexts;
import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/// Makes the TLS contexts of all internal links: TLS 1.3, mutual, own SVID of the moment, own verifier, no
/// resumption. One context serves for the life of the process: it reads identity and bundles at each handshake.
///
/// Contexts of [#server] and [#client] need the handler of [#gate] right behind their `SslHandler`: it reports
/// refusals with the remote address and lets nothing pass before the peer is known. Contexts of gRPC clients report
/// refused chains themselves; gRPC servers call [#reportFailedHandshake]. Immutable and thread-safe.
public final class TlsContexts {
  static {
    NoResumption.setProperties(); // before any class that reads them
  }

  static final String TLS = "TLSv1.3";

  private final PeerCheck check;
  private final SvidKeyManager keys;
  private final HandshakeListener listener;
  private final SslProvider provider;

  /// @param roles identities without a role in it are refused
  /// @param clock decides about validity of both ends' SVIDs
  /// @param listener hears of every refused handshake
  public TlsContexts(IdentitySource identity, RoleTemplate roles, InstantSource clock, HandshakeListener listener) {
    this(identity, roles, clock, listener, provider());
  }

  TlsContexts(
      IdentitySource identity,
      RoleTemplate roles,
      InstantSource clock,
      HandshakeListener listener,
      SslProvider provider) {
    this.check = new PeerCheck(identity, roles, clock);
    this.keys = new SvidKeyManager(identity, clock);
    this.listener = listener;
    this.provider = provider;
  }

  /// What handshakes are done with, for all contexts.
  static SslProvider provider() {
    return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
  }

  /// For a gRPC server; every role may connect, the policy table decides per call.
  public SslContext grpcServer() {
    return build(GrpcSslContexts.configure(serverBuilder(Expected.anyRole(), TlsContexts::reportedByGate), provider));
  }

  /// For gRPC channels to servers that must be `expected`.
  public SslContext grpcClient(Expected expected) {
    return build(GrpcSslContexts.configure(clientBuilder(expected, listener::refused), provider));
  }

  /// For a Netty server with one protocol of its own.
  ///
  /// @param alpn the protocol's token
  public SslContext server(String alpn, Expected expected) {
    return build(serverBuilder(expected, TlsContexts::reportedByGate).applicationProtocolConfig(only(alpn)));
  }

  /// For Netty connections to servers that must be `expected`.
  public SslContext client(String alpn, Expected expected) {
    return build(clientBuilder(expected, TlsContexts::reportedByGate).applicationProtocolConfig(only(alpn)));
  }

  /// A new handler that belongs right behind the `SslHandler` of one connection. Opens the pipeline when the
  /// handshake is done and the peer is known; see [PeerGate#caller].
  ///
  /// @param registry ends the connection when identity or trust end
  public ChannelHandler gate(String alpn, Expected expected, ConnectionRegistry registry) {
    return gate(alpn, expected, registry, () -> {});
  }

  /// The same for a connection whose owner replaces it before its end.
  ///
  /// @param renew see [ConnectionRegistry.Manners]
  public ChannelHandler gate(String alpn, Expected expected, ConnectionRegistry registry, Runnable renew) {
    return new PeerGate(this, alpn, expected, registry, renew);
  }

  /// The caller behind a session, verified anew with the bundles and the time of now: a session that was valid at its
  /// handshake may not be any more, and a resumed one would not have been looked at.
  ///
  /// @throws SSLPeerUnverifiedException when the peer has no valid identity or no role
  public Caller callerOf(SSLSession session, InetSocketAddress remote) throws SSLPeerUnverifiedException {
    return passed(session, Expected.anyRole()).caller(remote);
  }

  /// What the verifier says of a session's peer now; for [ConnectionRegistry#register].
  ///
  /// @throws SSLPeerUnverifiedException as [#callerOf]
  public Verdict.Accepted acceptedOf(SSLSession session) throws SSLPeerUnverifiedException {
    return passed(session, Expected.anyRole()).verdict();
  }

  /// Tells the listener of a connection that ended because of what its handshake showed: for gRPC servers, whose
  /// contexts report nothing themselves, and for gRPC clients whose trust ended right after the handshake.
  public void reportFailedHandshake(boolean weServe, Throwable cause, String remote) {
    Optional<PeerRefused> refused = PeerRefused.findIn(cause);
    listener.refused(
        new Refusal(
            weServe, refused.map(PeerRefused::reasons).orElse(List.of("TLS")), refused.flatMap(PeerRefused::id), remote));
  }

  PeerCheck.Passed passed(SSLSession session, Expected expected) throws SSLPeerUnverifiedException {
    if (!TLS.equals(session.getProtocol())) {
      throw new SSLPeerUnverifiedException("the session is not TLS 1.3");
    }
    try {
      return check.check(session.getPeerCertificates(), expected);
    } catch (PeerRefused e) {
      var unverified = new SSLPeerUnverifiedException("the peer of the session is refused");
      unverified.initCause(e);
      throw unverified;
    }
  }

  HandshakeListener listener() {
    return listener;
  }

  private SslContextBuilder serverBuilder(Expected expected, Consumer<Refusal> refusals) {
    return common(SslContextBuilder.forServer(keys), expected, refusals).clientAuth(ClientAuth.REQUIRE);
  }

  private SslContextBuilder clientBuilder(Expected expected, Consumer<Refusal> refusals) {
    return common(SslContextBuilder.forClient().keyManager(keys), expected, refusals);
  }

  private SslContextBuilder common(SslContextBuilder builder, Expected expected, Consumer<Refusal> refusals) {
    return builder
        .sslProvider(provider)
        .protocols(TLS)
        .trustManager(new SvidTrustManager(check, expected, refusals))
        .endpointIdentificationAlgorithm(null)
        .sessionTimeout(NoResumption.TIMEOUT_SECONDS);
  }

  private static void reportedByGate(Refusal refusal) {
    // the gate finds the refusal in the failed handshake and knows the remote address too
  }

  private static ApplicationProtocolConfig only(String alpn) {
    return new ApplicationProtocolConfig(
        Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, alpn);
  }

  static SslContext build(SslContextBuilder builder) {
    try {
      return NoResumption.apply(builder.build());
    } catch (SSLException e) {
      throw new IllegalStateException("TLS 1.3 cannot be set up", e); // no weaker way to go on
    }
  }
}
