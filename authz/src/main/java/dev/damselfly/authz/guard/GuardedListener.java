package dev.damselfly.authz.guard;

import dev.damselfly.api.error.RequestFailure;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.ServerCall;
import java.util.function.Consumer;

/// Lets only checked messages through to the handler; after a refusal nothing more. Calls come one at a time.
final class GuardedListener<Q> extends SimpleForwardingServerCallListener<Q> {
  private final GuardedCall<Q, ?> call;
  private final Consumer<Q> check;

  GuardedListener(ServerCall.Listener<Q> next, GuardedCall<Q, ?> call, Consumer<Q> check) {
    super(next);
    this.call = call;
    this.check = check;
  }

  @Override
  public void onMessage(Q message) {
    if (!call.isClosed()) {
      guarded(
          () -> {
            check.accept(message);
            super.onMessage(message);
          });
    }
  }

  @Override
  public void onHalfClose() {
    if (!call.isClosed()) {
      guarded(super::onHalfClose);
    }
  }

  @Override
  public void onReady() {
    if (!call.isClosed()) {
      guarded(super::onReady);
    }
  }

  @Override
  public void onCancel() {
    try {
      guarded(super::onCancel);
    } finally {
      call.ended();
    }
  }

  @Override
  public void onComplete() {
    try {
      guarded(super::onComplete);
    } finally {
      call.ended();
    }
  }

  /// The top of every handler thread: nothing escapes to gRPC.
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RequestFailure failure) {
      call.fail(failure);
    } catch (RuntimeException | Error unexpected) {
      call.incident(unexpected);
    }
  }
}
