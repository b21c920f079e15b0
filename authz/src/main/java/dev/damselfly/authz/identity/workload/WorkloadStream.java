package dev.damselfly.authz.identity.workload;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.spiffe.workloadapi.grpc.SpiffeWorkloadAPIGrpc;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDRequest;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDResponse;
import java.net.UnixDomainSocketAddress;
import java.util.Iterator;

/// One connection to the Workload API: plain gRPC on a Unix socket (Workload Endpoint 3).
final class WorkloadStream implements AutoCloseable {
  private static final int MAX_MESSAGE = 4 * 1024 * 1024; // B-39
  private static final int MAX_METADATA = 8 * 1024;

  private final ManagedChannel channel;

  WorkloadStream(WorkloadEndpoint endpoint, EventLoopGroup loop) {
    var header = new Metadata();
    header.put(Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER), "true");
    this.channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(endpoint.socket()))
            .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
            .eventLoopGroup(loop)
            .withOption(ChannelOption.SO_KEEPALIVE, null) // a Unix socket has no such option
            .usePlaintext()
            .overrideAuthority("localhost")
            .disableRetry()
            .maxInboundMessageSize(MAX_MESSAGE)
            .maxInboundMetadataSize(MAX_METADATA)
            .intercept(MetadataUtils.newAttachHeadersInterceptor(header)) // Workload Endpoint 6: on every call
            .build();
  }

  /// Responses as they come; ends, or throws `StatusRuntimeException`, with the stream.
  Iterator<X509SVIDResponse> responses() {
    return SpiffeWorkloadAPIGrpc.newBlockingStub(channel).fetchX509SVID(X509SVIDRequest.getDefaultInstance());
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
