package dev.damselfly.authz.testing;

import dev.damselfly.authz.tls.TlsContexts;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// A gRPC client that nothing of ours restrains: any certificate or none, no check of the server.
public final class RawClient implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;

  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  /// How a call ended.
  ///
  /// @param status OK as well when an answer came and the call was still open
  public record Answer(Status status, Metadata trailers) {}

  /// Without TLS.
  public ManagedChannel plain(int port) {
    return builder(port).usePlaintext().build();
  }

  /// TLS without a certificate.
  public ManagedChannel anonymous(int port) {
    return secured(port, SslContextBuilder.forClient());
  }

  /// TLS with this certificate, whatever it is worth.
  public ManagedChannel as(TestSvid svid, int port) {
    return secured(port, SslContextBuilder.forClient().keyManager(svid.key(), chain(svid.chainDer())));
  }

  /// As upstream's clients do it: one authority, and the dialled address is the name that the server must have.
  public ManagedChannel checking(TestSvid own, byte[] authority, int port) {
    try {
      Class.forName(TlsContexts.class.getName()); // whoever comes first fixes what TLS reads once
      var context =
          GrpcSslContexts.forClient()
              .keyManager(own.key(), chain(own.chainDer()))
              .trustManager(chain(List.of(authority)))
              .protocols("TLSv1.3")
              .build();
      return builder(port).overrideAuthority("127.0.0.1").sslContext(context).build();
    } catch (SSLException | ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private NettyChannelBuilder builder(int port) {
    return NettyChannelBuilder.forAddress(new InetSocketAddress("127.0.0.1", port))
        .channelType(NioSocketChannel.class)
        .eventLoopGroup(loop)
        .overrideAuthority("damselfly")
        .disableRetry();
  }

  private ManagedChannel secured(int port, SslContextBuilder tls) {
    try {
      Class.forName(TlsContexts.class.getName()); // whoever comes first fixes what TLS reads once
      var context =
          GrpcSslContexts.configure(tls)
              .protocols("TLSv1.3")
              .trustManager(InsecureTrustManagerFactory.INSTANCE)
              .endpointIdentificationAlgorithm(null)
              .build();
      return builder(port).sslContext(context).build();
    } catch (SSLException | ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private static List<X509Certificate> chain(List<byte[]> ders) {
    var chain = new ArrayList<X509Certificate>();
    try {
      var factory = CertificateFactory.getInstance("X.509");
      for (byte[] der : ders) {
        chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
      }
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
    return chain;
  }

  /// Sends one message, closes its side, and waits for the first answer or the end. Then the call is cancelled.
  public static <Q, A> Answer call(ManagedChannel channel, MethodDescriptor<Q, A> method, Q message)
      throws InterruptedException {
    var answer = new CompletableFuture<Answer>();
    ClientCall<Q, A> call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<A>() {
          @Override
          public void onMessage(A ignored) {
            answer.complete(new Answer(Status.OK, new Metadata()));
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            answer.complete(new Answer(status, trailers));
          }
        },
        new Metadata());
    call.request(2);
    call.sendMessage(message);
    call.halfClose();
    try {
      return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new AssertionError("no answer from " + method.getFullMethodName(), e);
    } finally {
      call.cancel("the test is done with it", (@Nullable Throwable) null);
    }
  }

  @Override
  public void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
