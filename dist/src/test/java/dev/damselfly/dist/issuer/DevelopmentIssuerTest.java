package dev.damselfly.dist.issuer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.spiffe.workloadapi.grpc.SpiffeWorkloadAPIGrpc;
import io.spiffe.workloadapi.grpc.Workload;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class DevelopmentIssuerTest {
  private static final TrustDomain DOMAIN = new TrustDomain("example.test");
  private static final SpiffeId ID = SpiffeId.parse("spiffe://example.test/damselfly/peer/east/p1");

  @TempDir private Path parent;

  private DevelopmentIssuer issuer(Path directory, String name, SpiffeId id) {
    return new DevelopmentIssuer(directory, DOMAIN, Map.of(name, id), Duration.ofHours(1), InstantSource.system());
  }

  @Test
  @Threat({"F-20", "TOB-5"})
  void directory_thatOthersMayEnter_isRefused() throws IOException {
    Path open = Files.createDirectory(parent.resolve("open"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));
    Files.createSymbolicLink(parent.resolve("link"), Files.createDirectory(parent.resolve("target")));

    for (Path directory : new Path[] {open, parent.resolve("link")}) {
      try (var issuer = issuer(directory, "p1", ID)) {
        assertThatThrownBy(issuer::start).isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  @Threat({"F-32", "TOB-13"})
  void identities_areThoseOfItsDomain_andNamedBeforeItStarts() {
    assertThatIllegalArgumentException().isThrownBy(() -> issuer(parent, "p1", SpiffeId.parse("spiffe://other.test/damselfly/peer/east/p1")));
    assertThatIllegalArgumentException().isThrownBy(() -> issuer(parent, "../p1", ID));
  }

  /// A caller cannot ask for an identity: the socket is one. And who is made to talk to it cannot set the header.
  @Test
  @Threat("F-21")
  void socket_isOfOneUser_andHasOneIdentity_forWhoKnowsTheHeader() throws Exception {
    var loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (var issuer = issuer(parent.resolve("i"), "p1", ID).start()) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(parent.resolve("i")))).isEqualTo("rwx------");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(issuer.socketOf("p1")))).isEqualTo("rw-------");
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(issuer.socketOf("p1")))
              .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
              .eventLoopGroup(loops)
              .withOption(ChannelOption.SO_KEEPALIVE, null)
              .usePlaintext()
              .overrideAuthority("localhost")
              .build();
      try {
        assertThat(refusal(channel, new Metadata())).isEqualTo(Status.Code.INVALID_ARGUMENT);
        var header = new Metadata();
        header.put(Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER), "true");
        var caller = MetadataUtils.newAttachHeadersInterceptor(header);
        var svids = SpiffeWorkloadAPIGrpc.newBlockingStub(channel).withInterceptors(caller).fetchX509SVID(Workload.X509SVIDRequest.getDefaultInstance()).next();
        assertThat(svids.getSvidsList()).singleElement().satisfies(svid -> assertThat(svid.getSpiffeId()).isEqualTo(ID.toString()));
        assertThat(refusal(channel, header)).isEqualTo(Status.Code.UNIMPLEMENTED); // it makes no tokens
      } finally {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
      }
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  private static Status.Code refusal(ManagedChannel channel, Metadata header) {
    var with = io.grpc.ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(header));
    var failure =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> ClientCalls.blockingUnaryCall(with, SpiffeWorkloadAPIGrpc.getFetchJWTSVIDMethod(), CallOptions.DEFAULT, Workload.JWTSVIDRequest.getDefaultInstance()));
    return failure.getStatus().getCode();
  }
}
