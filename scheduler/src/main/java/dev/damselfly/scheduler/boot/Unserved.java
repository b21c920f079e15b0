package dev.damselfly.scheduler.boot;

import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.util.Objects;
import java.util.Set;

/// RPCs of the API that this scheduler does not serve: they answer NOT_SERVED, and still need a policy row.
final class Unserved {
  private Unserved() {}

  /// @param served bare method names that keep their handler
  static ServerServiceDefinition except(Set<String> served, ServerServiceDefinition service) {
    var result = ServerServiceDefinition.builder(service.getServiceDescriptor());
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      String name = Objects.requireNonNull(method.getMethodDescriptor().getBareMethodName());
      if (served.contains(name)) {
        result.addMethod(method);
      } else {
        result.addMethod(refusing(method.getMethodDescriptor()));
      }
    }
    return result.build();
  }

  private static <Q, A> ServerMethodDefinition<Q, A> refusing(MethodDescriptor<Q, A> method) {
    return ServerMethodDefinition.create(
        method,
        (call, headers) -> {
          var refusal = GrpcErrors.toStatus(new Refused(Reason.NOT_SERVED, "this scheduler does not serve this call"));
          Metadata trailers = refusal.getTrailers();
          call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
          return new ServerCall.Listener<>() {};
        });
  }
}
