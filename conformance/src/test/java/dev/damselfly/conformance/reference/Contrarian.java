package dev.damselfly.conformance.reference;

import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.link.Identity;
import dev.damselfly.conformance.target.Actors;
import dev.damselfly.conformance.target.Role;
import dev.damselfly.conformance.target.Running;
import dev.damselfly.conformance.target.Target;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A program that says yes to every call, or no to every call, and understands none.
public final class Contrarian implements Target {
  private final boolean accepts;
  private final Actors actors;

  public Contrarian(boolean accepts, boolean mutual) {
    this.accepts = accepts;
    this.actors = mutual ? new ReferenceTarget(true, java.util.Set.of()).actors() : Actors.plain();
  }

  @Override
  public String name() {
    return accepts ? "accepts everything" : "refuses everything";
  }

  @Override
  public boolean has(String capability) {
    return !capability.equals(actors.haveIdentities() ? "plain" : "mtls");
  }

  @Override
  public Actors actors() {
    return actors;
  }

  @Override
  public Running start(Start start) throws IOException {
    var builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).fallbackHandlerRegistry(new Same());
    if (actors.haveIdentities()) {
      Identity own = actors.identity(start.role(), "own");
      builder.protocolNegotiator(
          io.grpc.netty.InternalProtocolNegotiators.serverTls(ReferenceServer.tls(own, java.util.Set.of(Fault.ACCEPTS_ANONYMOUS, Fault.ACCEPTS_EXPIRED, Fault.ACCEPTS_FOREIGN))));
    }
    Server server = builder.build().start();
    if (start.role() == Role.SCHEDULER) {
      ask(start);
    }
    return new Up(server);
  }

  /// Cases about schedulers begin when the manager was asked.
  private void ask(Start start) {
    var channel = NettyChannelBuilder.forAddress(new InetSocketAddress(start.manager().host(), start.manager().port()));
    actors.credentials(Role.SCHEDULER, "own").client().ifPresentOrElse(tls -> channel.sslContext(tls).overrideAuthority("localhost"), channel::usePlaintext);
    var open = channel.build();
    try {
      ManagerGrpc.newBlockingStub(open).withDeadlineAfter(30, TimeUnit.SECONDS).getScheduler(GetSchedulerRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      // then the case fails at its beginning
    } finally {
      open.shutdownNow();
    }
  }

  /// The same answer for every method.
  private final class Same extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, @org.jspecify.annotations.Nullable String authority) {
      var method =
          MethodDescriptor.<byte[], byte[]>newBuilder()
              .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(name)
              .setRequestMarshaller(new Bytes())
              .setResponseMarshaller(new Bytes())
              .build();
      return ServerMethodDefinition.create(method, (call, headers) -> answer(call));
    }

    private ServerCall.Listener<byte[]> answer(ServerCall<byte[], byte[]> call) {
      if (accepts) {
        call.sendHeaders(new Metadata());
        call.sendMessage(new byte[0]);
        call.close(Status.OK, new Metadata());
      } else {
        call.close(Status.PERMISSION_DENIED, new Metadata());
      }
      return new ServerCall.Listener<>() {};
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

  private record Up(Server server) implements Running {
    @Override
    public Endpoint endpoint() {
      return new Endpoint("127.0.0.1", server.getPort());
    }

    @Override
    public Optional<Endpoint> endpoint(String part) {
      return Map.of("rest", endpoint(), "proxy", endpoint()).containsKey(part) ? Optional.of(endpoint()) : Optional.empty();
    }

    @Override
    public String output() {
      return "";
    }

    @Override
    public void stop() {
      close();
    }

    @Override
    public void close() {
      server.shutdownNow();
    }
  }
}
