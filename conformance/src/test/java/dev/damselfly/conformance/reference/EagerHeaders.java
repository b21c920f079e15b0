package dev.damselfly.conformance.reference;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/// Lets a handler send the response headers before the first message.
final class EagerHeaders implements ServerInterceptor {
  private static final Context.Key<Runnable> SEND = Context.keyWithDefault("headers", () -> {});

  static void send() {
    SEND.get().run();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var once =
        new io.grpc.ForwardingServerCall.SimpleForwardingServerCall<>(call) {
          private boolean sent;

          @Override
          public void sendHeaders(Metadata ignored) {
            if (!sent) {
              sent = true;
              super.sendHeaders(ignored);
            }
          }
        };
    Runnable send = () -> once.sendHeaders(new Metadata());
    return Contexts.interceptCall(Context.current().withValue(SEND, send), once, headers, next);
  }
}
