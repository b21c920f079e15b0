package dev.damselfly.scheduler.boot;

import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Map;
import java.util.function.Supplier;

/// Records refusals that need the scheduler's state, as the guard records those that need only the message: a host or
/// lease of another identity, another role than announced. Before the caller is told. Thread-safe.
final class RecordedDenials implements ServerInterceptor {
  private final Audit audit;
  private final Supplier<Caller> callers;

  /// @param callers reads the caller of the running call
  RecordedDenials(Audit audit, Supplier<Caller> callers) {
    this.audit = audit;
    this.callers = callers;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Caller caller = callers.get();
    String method = call.getMethodDescriptor().getFullMethodName();
    var noting =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            GrpcErrors.reasonOf(status.asRuntimeException(trailers)).ifPresent(reason -> note(caller, method, reason));
            super.close(status, trailers);
          }
        };
    return new SimpleForwardingServerCallListener<>(next.startCall(noting, headers)) {
      @Override
      public void onMessage(Q message) {
        noted(caller, method, () -> super.onMessage(message));
      }

      @Override
      public void onHalfClose() {
        noted(caller, method, super::onHalfClose);
      }
    };
  }

  private void noted(Caller caller, String method, Runnable step) {
    try {
      step.run();
    } catch (RequestFailure failure) {
      note(caller, method, failure.reason());
      throw failure;
    }
  }

  private void note(Caller caller, String method, Reason reason) {
    if (isDenial(reason)) {
      audit.record(
          new AuditEvent(
              AuditAction.AUTHZ_DENY,
              caller.id().toString(),
              "rpc:" + method,
              AuditEvent.Decision.DENY,
              reason.name(),
              String.valueOf(caller.remote()),
              Map.of()));
    }
  }

  private static boolean isDenial(Reason reason) {
    return reason == Reason.CALLER_NOT_ALLOWED || reason == Reason.ID_BOUND_ELSEWHERE;
  }
}
