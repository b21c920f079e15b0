package dev.damselfly.dist.issuer;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

/// Refuses calls without `workload.spiffe.io: true` (Workload Endpoint 6): a page that tricks a program into talking to
/// the socket cannot set it.
final class SecurityHeader implements ServerInterceptor {
  private static final Metadata.Key<String> KEY = Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER);

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (!"true".equals(headers.get(KEY))) {
      call.close(Status.INVALID_ARGUMENT.withDescription("security header missing from request"), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    return next.startCall(call, headers);
  }
}
