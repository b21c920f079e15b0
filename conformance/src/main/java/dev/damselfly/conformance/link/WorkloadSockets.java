package dev.damselfly.conformance.link;

import com.google.protobuf.CodedOutputStream;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateEncodingException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;

/// The SPIFFE Workload API for the program under test: one private Unix socket per identity. Serves the X.509 calls; the
/// streams stay open and never change, as identities outlive the run. [#close] ends all sockets.
public final class WorkloadSockets implements AutoCloseable {
  private static final String SERVICE = "SpiffeWorkloadAPI";
  private static final MethodDescriptor.Marshaller<byte[]> BYTES = new Bytes();

  private final Path directory;
  private final List<Server> servers = new ArrayList<>();

  /// @param directory private to the user; its path must leave room for a socket name
  public WorkloadSockets(Path directory) {
    this.directory = directory;
  }

  /// Serves an identity.
  ///
  /// @return the socket
  public Path serve(String name, Identity identity) throws IOException {
    Path socket = directory.resolve(name + ".sock");
    Files.deleteIfExists(socket);
    Server server =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(Wire.loops())
            .workerEventLoopGroup(Wire.loops())
            .withChildOption(ChannelOption.SO_KEEPALIVE, null)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .addService(service(identity))
            .build()
            .start();
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    servers.add(server);
    return socket;
  }

  private static ServerServiceDefinition service(Identity identity) {
    byte[] svids = svids(identity);
    byte[] bundles = bundles(identity);
    return ServerServiceDefinition.builder(SERVICE)
        .addMethod(method("FetchX509SVID"), answering(svids))
        .addMethod(method("FetchX509Bundles"), answering(bundles))
        .build();
  }

  private static MethodDescriptor<byte[], byte[]> method(String name) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
        .setRequestMarshaller(BYTES)
        .setResponseMarshaller(BYTES)
        .build();
  }

  private static ServerCallHandler<byte[], byte[]> answering(byte[] message) {
    return ServerCalls.asyncServerStreamingCall((request, out) -> out.onNext(message));
  }

  /// `X509SVIDResponse`: svids = 1 {spiffe_id = 1, x509_svid = 2, x509_svid_key = 3, bundle = 4}.
  private static byte[] svids(Identity identity) {
    byte[] svid =
        message(
            out -> {
              out.writeString(1, identity.spiffeId());
              out.writeByteArray(2, encoded(identity.certificate()));
              out.writeByteArray(3, identity.key().getEncoded());
              out.writeByteArray(4, encoded(identity.authority()));
            });
    return message(out -> out.writeByteArray(1, svid));
  }

  /// `X509BundlesResponse`: bundles = 2, a map from trust domain id to certificates.
  private static byte[] bundles(Identity identity) {
    String id = identity.spiffeId();
    String domain = id.substring(0, id.indexOf('/', "spiffe://".length()));
    byte[] entry =
        message(
            out -> {
              out.writeString(1, domain);
              out.writeByteArray(2, encoded(identity.authority()));
            });
    return message(out -> out.writeByteArray(2, entry));
  }

  /// Writes the fields of one message.
  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) {
    var bytes = new ByteArrayOutputStream();
    try {
      var out = CodedOutputStream.newInstance(bytes);
      fields.write(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not from memory
    }
    return bytes.toByteArray();
  }

  private static byte[] encoded(java.security.cert.X509Certificate certificate) throws IOException {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IOException(e);
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void close() {
    servers.forEach(Server::shutdownNow);
  }
}
