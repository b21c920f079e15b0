package dev.damselfly.authz.guard;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.policy.Policy;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullMarked;

/// The services of a process behind the very chain of [GuardedServer], without sockets and TLS: the test says who calls.
///
/// Everything runs on the calling thread, and rate limits see a clock that only [#pass] moves: same calls, same answers.
/// The services can be exchanged between calls, so that each run begins with fresh state.
@NullMarked
public final class InProcessGuard implements AutoCloseable {
  private static final Metadata.Key<String> CALLER = Metadata.Key.of("test-caller", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<Caller> KEY = Context.key("test-caller");

  private final AtomicLong nanos = new AtomicLong();
  private final Map<String, Caller> callers = new ConcurrentHashMap<>();
  private volatile Map<String, ServerMethodDefinition<?, ?>> handlers;
  private final Server server;
  private final ManagedChannel channel;

  /// @throws IllegalStateException when policy and services differ
  public InProcessGuard(List<ServerServiceDefinition> services, Policy policy, Audit audit, Limits limits) {
    this.handlers = byName(services);
    var guard = new Guard(policy, audit, limits, nanos::get, _ -> Optional.ofNullable(KEY.get()));
    String name = InProcessServerBuilder.generateName();
    var builder = InProcessServerBuilder.forName(name).directExecutor();
    guard.install(builder, services.stream().map(this::exchangeable).toList(), limits);
    try {
      server = builder.intercept(new Claimed()).build().start(); // interceptors added last run first
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    channel = InProcessChannelBuilder.forName(name).directExecutor().build();
  }

  /// From now on these serve; they must have the methods of those before.
  public void exchange(List<ServerServiceDefinition> services) {
    var next = byName(services);
    if (!next.keySet().equals(handlers.keySet())) {
      throw new IllegalArgumentException("other services: " + next.keySet());
    }
    handlers = next;
  }

  private static Map<String, ServerMethodDefinition<?, ?>> byName(List<ServerServiceDefinition> services) {
    var all = new HashMap<String, ServerMethodDefinition<?, ?>>();
    services.forEach(service -> service.getMethods().forEach(m -> all.put(m.getMethodDescriptor().getFullMethodName(), m)));
    return Map.copyOf(all);
  }

  private ServerServiceDefinition exchangeable(ServerServiceDefinition service) {
    var result = ServerServiceDefinition.builder(service.getServiceDescriptor());
    service.getMethods().forEach(method -> result.addMethod(exchangeable(method)));
    return result.build();
  }

  private <Q, A> ServerMethodDefinition<Q, A> exchangeable(ServerMethodDefinition<Q, A> method) {
    String name = method.getMethodDescriptor().getFullMethodName();
    return method.withServerCallHandler(
        (call, headers) -> {
          @SuppressWarnings("unchecked") // the same method of the same service
          var now = (ServerMethodDefinition<Q, A>) handlers.get(name);
          if (now == null) {
            throw new IllegalStateException("no handler for " + name);
          }
          return now.getServerCallHandler().startCall(call, headers);
        });
  }

  /// A channel whose calls come from this caller.
  public Channel as(Caller caller) {
    String key = caller.id() + "|" + caller.remote();
    callers.put(key, caller);
    return ClientInterceptors.intercept(channel, new Speak(key));
  }

  /// A channel whose calls come from nobody who is known.
  public Channel asNobody() {
    return channel;
  }

  /// Moves the clock of the rate limits.
  public void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private record Speak(String key) implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          headers.put(CALLER, key);
          super.start(listener, headers);
        }
      };
    }
  }

  /// Stands where TLS does in production: finds out who calls before the guard asks.
  private final class Claimed implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String key = headers.get(CALLER);
      headers.discardAll(CALLER);
      Caller caller = key == null ? null : callers.get(key);
      return Contexts.interceptCall(Context.current().withValue(KEY, caller), call, headers, next);
    }
  }
}
