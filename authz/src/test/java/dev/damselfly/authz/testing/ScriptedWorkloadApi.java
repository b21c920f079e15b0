package dev.damselfly.authz.testing;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.spiffe.workloadapi.grpc.SpiffeWorkloadAPIGrpc;
import io.spiffe.workloadapi.grpc.Workload.X509SVID;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDRequest;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDResponse;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A Workload API on a real Unix socket that says what a test tells it. Thread-safe.
///
/// Sends the newest response to every new stream and each further one to all open streams.
public final class ScriptedWorkloadApi implements AutoCloseable {
  private static final Metadata.Key<String> HEADER =
      Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER);

  private final Path socket;
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Server server;
  private final BlockingQueue<Optional<String>> calls = new LinkedBlockingQueue<>();
  private final List<ServerCallStreamObserver<X509SVIDResponse>> streams = new ArrayList<>();
  private final Deque<Status> refusals = new ArrayDeque<>();
  private Optional<X509SVIDResponse> newest = Optional.empty();

  private ScriptedWorkloadApi(Path socket) throws IOException {
    this.socket = socket;
    this.server =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .addService(new Service())
            .intercept(new Recorder())
            .build()
            .start();
  }

  /// Listens on a socket in a new private directory.
  public static ScriptedWorkloadApi start() throws IOException {
    return at(Files.createTempDirectory("wl").resolve("api.sock"));
  }

  public static ScriptedWorkloadApi at(Path socket) throws IOException {
    return new ScriptedWorkloadApi(socket);
  }

  public Path socket() {
    return socket;
  }

  /// The usual response: one SVID and the authorities of its domain.
  public static X509SVIDResponse response(TestSvid svid, byte[]... authorities) {
    return X509SVIDResponse.newBuilder().addSvids(svid(svid, authorities)).build();
  }

  public static X509SVID svid(TestSvid svid, byte[]... authorities) {
    return X509SVID.newBuilder()
        .setSpiffeId(svid.id())
        .setX509Svid(joined(svid.chainDer()))
        .setX509SvidKey(ByteString.copyFrom(svid.key().getEncoded()))
        .setBundle(joined(List.of(authorities)))
        .build();
  }

  public static ByteString joined(List<byte[]> certificates) {
    ByteString all = ByteString.EMPTY;
    for (byte[] der : certificates) {
      all = all.concat(ByteString.copyFrom(der));
    }
    return all;
  }

  /// Sends a state to all open streams and to those to come.
  public synchronized void send(X509SVIDResponse response) {
    newest = Optional.of(response);
    streams.removeIf(ServerCallStreamObserver::isCancelled);
    streams.forEach(stream -> stream.onNext(response));
  }

  /// Ends the open streams.
  public synchronized void endStreams(Status status) {
    streams.forEach(stream -> stream.onError(status.asRuntimeException()));
    streams.clear();
  }

  /// The next calls get these answers, one each.
  public synchronized void refuseNext(Status... statuses) {
    refusals.addAll(List.of(statuses));
  }

  /// Waits for the next call.
  ///
  /// @return its security header, if there was one
  public Optional<String> awaitCall() throws InterruptedException {
    Optional<String> header = calls.poll(10, TimeUnit.SECONDS);
    if (header == null) {
      throw new AssertionError("no call");
    }
    return header;
  }

  /// Calls that nobody waited for yet.
  public int pendingCalls() {
    return calls.size();
  }

  @Override
  public void close() {
    server.shutdownNow();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private synchronized void open(ServerCallStreamObserver<X509SVIDResponse> stream) {
    Status refusal = refusals.poll();
    if (refusal != null) {
      stream.onError(refusal.asRuntimeException());
      return;
    }
    stream.setOnCancelHandler(() -> {});
    streams.add(stream);
    newest.ifPresent(stream::onNext);
  }

  private final class Service extends SpiffeWorkloadAPIGrpc.SpiffeWorkloadAPIImplBase {
    @Override
    public void fetchX509SVID(X509SVIDRequest request, StreamObserver<X509SVIDResponse> out) {
      open((ServerCallStreamObserver<X509SVIDResponse>) out);
    }
  }

  private final class Recorder implements ServerInterceptor {
    @Override
    public <A, B> ServerCall.Listener<A> interceptCall(
        ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
      calls.add(Optional.ofNullable(headers.get(HEADER)));
      return next.startCall(call, headers);
    }
  }
}
