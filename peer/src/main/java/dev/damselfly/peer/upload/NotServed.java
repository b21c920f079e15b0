package dev.damselfly.peer.upload;

import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.util.Set;

/// Answers every RPC that is declared but not served, without reading its message (S-UPG-6).
final class NotServed implements ServerInterceptor {
  private final Set<String> served;

  /// @param served bare method names
  NotServed(Set<String> served) {
    this.served = Set.copyOf(served);
  }

  @Override
  public <A, B> ServerCall.Listener<A> interceptCall(ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
    if (served.contains(String.valueOf(call.getMethodDescriptor().getBareMethodName()))) {
      return next.startCall(call, headers);
    }
    StatusRuntimeException status = GrpcErrors.toStatus(new Refused(Reason.NOT_SERVED, "this peer does not serve this call"));
    Metadata trailers = status.getTrailers();
    call.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
    return new ServerCall.Listener<>() {};
  }
}
