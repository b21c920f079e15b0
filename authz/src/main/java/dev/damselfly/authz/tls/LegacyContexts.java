package dev.damselfly.authz.tls;

import dev.damselfly.authz.legacy.LegacyCertificates;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;

/// TLS 1.3 for legacy listeners, mutual, with certificates of an operator's own. Who shakes hands here has no identity by
/// it: a chain to one of the authorities is all that is looked at. No resumption, as everywhere.
public final class LegacyContexts {
  static {
    NoResumption.setProperties(); // before any class that reads them
  }

  private LegacyContexts() {}

  /// For a gRPC server.
  public static SslContext grpcServer(LegacyCertificates own) {
    var provider = TlsContexts.provider();
    var builder =
        SslContextBuilder.forServer(own.key(), own.chain())
            .sslProvider(provider)
            .protocols(TlsContexts.TLS)
            .trustManager(own.authorities())
            .clientAuth(ClientAuth.REQUIRE)
            .sessionTimeout(NoResumption.TIMEOUT_SECONDS);
    return TlsContexts.build(GrpcSslContexts.configure(builder, provider));
  }
}
