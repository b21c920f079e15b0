package dev.damselfly.conformance.reference;

import dev.damselfly.conformance.link.Identity;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;

/// The gRPC server of a reference program.
final class ReferenceServer {
  /// Last path segment of the caller's identity; empty on plain servers and for anonymous callers.
  static final Context.Key<String> CALLER = Context.keyWithDefault("caller", "");

  private ReferenceServer() {}

  static Server start(Optional<Identity> identity, Set<Fault> faults, List<BindableService> services) throws IOException {
    var builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .permitKeepAliveWithoutCalls(true)
            .maxInboundMessageSize(16 << 20);
    ProtocolNegotiator inner =
        identity.isPresent()
            ? InternalProtocolNegotiators.serverTls(tls(identity.get(), faults))
            : InternalProtocolNegotiators.serverPlaintext();
    builder.protocolNegotiator(faults.contains(Fault.LEAVES_STREAMS_HALF_OPEN) ? inner : new Resetting(inner, faults.contains(Fault.ENDS_SYNC_HOST_AT_DEADLINE) ? "SyncHost" : ""));
    builder.intercept(new Callers());
    services.forEach(builder::addService);
    return builder.build().start();
  }

  static boolean any(Set<Fault> faults, Fault... some) {
    return List.of(some).stream().anyMatch(faults::contains);
  }

  static SslContext tls(Identity identity, Set<Fault> faults) {
    try {
      return GrpcSslContexts.configure(SslContextBuilder.forServer(identity.key(), identity.certificate()), SslProvider.JDK)
          .protocols("TLSv1.3")
          .trustManager(new Judge(identity.authority(), faults))
          .clientAuth(any(faults, Fault.ACCEPTS_ANONYMOUS, Fault.MANAGER_ACCEPTS_ANONYMOUS, Fault.PEER_ACCEPTS_ANONYMOUS) ? ClientAuth.OPTIONAL : ClientAuth.REQUIRE)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Decides about client certificates.
  private static final class Judge extends X509ExtendedTrustManager {
    private final X509Certificate authority;
    private final Set<Fault> faults;

    Judge(X509Certificate authority, Set<Fault> faults) {
      this.authority = authority;
      this.faults = faults;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
      if (!any(faults, Fault.ACCEPTS_EXPIRED, Fault.MANAGER_ACCEPTS_EXPIRED, Fault.PEER_ACCEPTS_EXPIRED)) {
        chain[0].checkValidity();
      }
      if (!any(faults, Fault.ACCEPTS_FOREIGN, Fault.MANAGER_ACCEPTS_FOREIGN, Fault.PEER_ACCEPTS_FOREIGN)) {
        try {
          chain[0].verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
          throw new CertificateException(e);
        }
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
      check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[] {authority};
    }
  }

  private static final class Callers implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      return Contexts.interceptCall(
          Context.current().withValue(CALLER, name(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION))), call, headers, next);
    }

    private static String name(@org.jspecify.annotations.Nullable SSLSession session) {
      if (session == null) {
        return "";
      }
      try {
        var names = ((X509Certificate) session.getPeerCertificates()[0]).getSubjectAlternativeNames();
        String uri = String.valueOf(names.iterator().next().get(1));
        return uri.substring(uri.lastIndexOf('/') + 1);
      } catch (SSLPeerUnverifiedException | CertificateException e) {
        return "";
      }
    }
  }

  /// Resets answered streams whose caller keeps its side open.
  ///
  /// @param bounded end of the path whose deadlines count
  private record Resetting(ProtocolNegotiator inner, String bounded) implements ProtocolNegotiator {
    @Override
    public AsciiString scheme() {
      return inner.scheme();
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler http2) {
      http2.decoder().frameListener(new WithoutDeadlines(http2.decoder().frameListener(), bounded));
      ChannelHandler next = inner.newHandler(http2);
      return new ChannelInboundHandlerAdapter() {
        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
          var pipeline = ctx.pipeline();
          http2
              .connection()
              .addListener(
                  new Http2ConnectionAdapter() {
                    @Override
                    public void onStreamHalfClosed(Http2Stream stream) {
                      ChannelHandlerContext own = pipeline.context(http2);
                      if (stream.state() == Http2Stream.State.HALF_CLOSED_LOCAL && own != null) {
                        http2.resetStream(own, stream.id(), 0, own.newPromise());
                        own.flush();
                      }
                    }
                  });
          pipeline.replace(this, null, next);
        }
      };
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  /// Takes `grpc-timeout` off requests.
  private static final class WithoutDeadlines extends Http2FrameListenerDecorator {
    private static final AsciiString TIMEOUT = AsciiString.cached("grpc-timeout");

    private final String bounded;

    WithoutDeadlines(Http2FrameListener next, String bounded) {
      super(next);
      this.bounded = bounded;
    }

    private Http2Headers stripped(Http2Headers headers) {
      CharSequence path = headers.path();
      if (bounded.isEmpty() || path == null || !path.toString().endsWith(bounded)) {
        headers.remove(TIMEOUT);
      }
      return headers;
    }

    @Override
    @SuppressWarnings("ParameterNumber") // the shape is Netty's
    public void onHeadersRead(
        ChannelHandlerContext ctx, int stream, Http2Headers headers, int dependency, short weight, boolean exclusive, int padding, boolean end)
        throws Http2Exception {
      super.onHeadersRead(ctx, stream, stripped(headers), dependency, weight, exclusive, padding, end);
    }

    @Override
    public void onHeadersRead(ChannelHandlerContext ctx, int stream, Http2Headers headers, int padding, boolean end) throws Http2Exception {
      super.onHeadersRead(ctx, stream, stripped(headers), padding, end);
    }
  }
}
