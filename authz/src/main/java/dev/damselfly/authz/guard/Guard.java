package dev.damselfly.authz.guard;

import com.google.protobuf.Message;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.error.RequestFailure.RetryLater;
import dev.damselfly.api.rule.Rules;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.policy.Policy;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Everything between a received call and its handler, in this order: identity, limits, policy row, then for each
/// message binding and schema rules; errors of the handler are mapped on the way back. Thread-safe.
final class Guard implements ServerInterceptor {
  private final Policy policy;
  private final Audit audit;
  private final CallLimits limits;
  private final Function<ServerCall<?, ?>, Optional<Caller>> identity;
  private final ErrorForm errors;
  private final LongAdder admitted = new LongAdder();

  /// @param identity who makes a call; absent means nobody who may
  Guard(
      Policy policy,
      Audit audit,
      Limits limits,
      LongSupplier nanoClock,
      Function<ServerCall<?, ?>, Optional<Caller>> identity) {
    this(policy, audit, limits, nanoClock, identity, GrpcErrors::toStatus);
  }

  /// @param errors what callers are told of a failure
  Guard(
      Policy policy,
      Audit audit,
      Limits limits,
      LongSupplier nanoClock,
      Function<ServerCall<?, ?>, Optional<Caller>> identity,
      ErrorForm errors) {
    this.policy = policy;
    this.audit = audit;
    this.limits = new CallLimits(limits, nanoClock);
    this.identity = identity;
    this.errors = errors;
  }

  /// Puts the services behind this guard. The one place that does: whatever the transport, the chain is the same.
  ///
  /// @throws IllegalStateException when policy and services differ
  void install(ServerBuilder<?> builder, Collection<ServerServiceDefinition> services, Limits bounds) {
    policy.requireCovers(services);
    builder
        .maxInboundMessageSize(bounds.count(Bound.GRPC_MESSAGE))
        .maxInboundMetadataSize(bounds.count(Bound.GRPC_METADATA))
        .intercept(this);
    services.forEach(builder::addService);
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Optional<Caller> known = identity.apply(call);
    String method = call.getMethodDescriptor().getFullMethodName();
    var guarded = new GuardedCall<>(call, LongStreams.contains(method), errors);
    if (known.isEmpty()) {
      return refusing(guarded, () -> nobody(call, method));
    }
    Caller caller = known.get();
    Policy.Row row;
    try {
      guarded.onEnd(enter(caller, method)::leave); // before the row: a refusal leaves its place, too
      row = rowOf(caller, method);
    } catch (RequestFailure | Audit.AuditUnavailable refusal) {
      return refusing(guarded, () -> refusal);
    }
    guarded.sendEarlyHeaders();
    var context = Context.current().withValue(Callers.KEY, caller);
    ServerCall.Listener<Q> listener = Contexts.interceptCall(context, guarded, headers, next);
    return new GuardedListener<>(listener, guarded, message -> check(row, caller, method, message));
  }

  /// Ends the call; nothing of it is heard any more.
  private static <Q> ServerCall.Listener<Q> refusing(GuardedCall<Q, ?> call, Supplier<RuntimeException> why) {
    try {
      switch (why.get()) {
        case RequestFailure failure -> call.fail(failure);
        case RuntimeException broken -> call.incident(broken);
      }
    } catch (Audit.AuditUnavailable e) {
      call.incident(e);
    }
    return new ServerCall.Listener<>() {};
  }

  /// The connection's identity ended between its handshake and this call.
  private Refused nobody(ServerCall<?, ?> call, String method) {
    String remote = String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
    audit.record(
        new AuditEvent(
            AuditAction.AUTHN_FAILURE, "anonymous", "rpc:" + method, Decision.DENY, "NO_IDENTITY", remote, Map.of()));
    return new Refused(Reason.CALLER_NOT_ALLOWED, "no identity");
  }

  private CallLimits.Slot enter(Caller caller, String method) {
    try {
      return limits.enter(caller);
    } catch (RequestFailure overLimit) {
      if (limits.isWorthARecord()) {
        record(AuditAction.LIMIT_HIT, caller, method, overLimit.reason().name());
      }
      throw overLimit;
    }
  }

  private Policy.Row rowOf(Caller caller, String method) {
    return switch (policy.decide(caller, method)) {
      case Policy.Decision.Allowed allowed -> allowed.row();
      case Policy.Decision.Denied denied -> {
        deny(caller, method, denied.rule());
        throw new Refused(Reason.CALLER_NOT_ALLOWED, "this identity may not call this method");
      }
    };
  }

  private void check(Policy.Row row, Caller caller, String method, Object message) {
    if (!(message instanceof Message proto)) {
      throw new IllegalStateException("every request of ours is a protobuf message");
    }
    try {
      row.binding().check(caller, proto);
    } catch (RequestFailure refusal) {
      deny(caller, method, refusal.reason().name());
      throw refusal;
    }
    Rules.check(proto);
    admitted.increment();
  }

  /// Messages that were let through to handlers so far.
  long admitted() {
    return admitted.sum();
  }

  private void deny(Caller caller, String method, String rule) {
    boolean forbidden = rule.equals(Reason.FORBIDDEN_FIELD.name());
    record(forbidden ? AuditAction.FORBIDDEN_FIELD : AuditAction.AUTHZ_DENY, caller, method, rule);
  }

  private void record(AuditAction action, Caller caller, String method, String rule) {
    audit.record(
        new AuditEvent(
            action,
            caller.id().toString(),
            "rpc:" + method,
            Decision.DENY,
            rule,
            String.valueOf(caller.remote()),
            Map.of()));
  }

  /// The refusal of a caller that is over its share.
  static RetryLater overLimit(String what, java.time.Duration after) {
    return new RetryLater(Reason.LIMIT_EXCEEDED, what, after);
  }
}
