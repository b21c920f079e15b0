package dev.damselfly.peer.upload;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Set;

/// Answers every RPC that is declared but not served, without reading its message (S-UPG-6).
public final class NotServed implements ServerInterceptor {
  private final Set<String> served;

  /// @param served bare method names
  public NotServed(Set<String> served) {
    this.served = Set.copyOf(served);
  }

  @Override
  public <A, B> ServerCall.Listener<A> interceptCall(ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
    if (served.contains(String.valueOf(call.getMethodDescriptor().getBareMethodName()))) {
      return next.startCall(call, headers);
    }
    var refusal = new Refused(Reason.NOT_SERVED, "this peer does not serve this call");
    call.close(Status.UNIMPLEMENTED.withCause(refusal), new Metadata()); // the guard gives it the form of its callers
    return new ServerCall.Listener<>() {};
  }
}
