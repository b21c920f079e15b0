package dev.damselfly.conformance.link;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.util.Optional;
import javax.net.ssl.SSLException;

/// What an actor of the suite shows and trusts on a connection; nothing on plain ones.
public sealed interface Credentials {
  /// A connection without TLS.
  record Plain() implements Credentials {}

  /// TLS 1.3 with a certificate on both sides.
  record Mutual(Identity identity) implements Credentials {}

  /// TLS whose client shows no certificate.
  record Anonymous(java.security.cert.X509Certificate authority) implements Credentials {}

  /// For channels.
  default Optional<SslContext> client() {
    return switch (this) {
      case Plain _ -> Optional.empty();
      case Mutual(Identity own) ->
          Optional.of(
              build(
                  GrpcSslContexts.configure(
                      SslContextBuilder.forClient().keyManager(own.key(), own.certificate()), SslProvider.JDK),
                  own.authority()));
      case Anonymous(var authority) ->
          Optional.of(build(GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK), authority));
    };
  }

  /// For servers of the suite.
  default Optional<SslContext> server() {
    return switch (this) {
      case Plain _, Anonymous _ -> Optional.empty();
      case Mutual(Identity own) ->
          Optional.of(
              build(
                  GrpcSslContexts.configure(
                          SslContextBuilder.forServer(own.key(), own.certificate()), SslProvider.JDK)
                      .clientAuth(ClientAuth.REQUIRE),
                  own.authority()));
    };
  }

  private static SslContext build(SslContextBuilder builder, java.security.cert.X509Certificate authority) {
    try {
      return builder
          .protocols("TLSv1.3")
          .trustManager(new Trust(authority))
          .endpointIdentificationAlgorithm(null)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException("TLS 1.3 cannot be set up", e);
    }
  }
}
