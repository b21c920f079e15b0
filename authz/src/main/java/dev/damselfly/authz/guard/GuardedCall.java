package dev.damselfly.authz.guard;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A call whose end is always one of the known errors: failures are mapped here and nowhere else, the unexpected is
/// logged once under an incident id and told as INTERNAL. Thread-safe.
final class GuardedCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedCall.class);

  private final boolean earlyHeaders;
  private final ErrorForm errors;

  @GuardedBy("this")
  private boolean headersSent;

  @GuardedBy("this")
  private boolean closed;

  @GuardedBy("this")
  private Optional<Runnable> onEnd = Optional.empty();

  GuardedCall(ServerCall<Q, A> call, boolean earlyHeaders, ErrorForm errors) {
    super(call);
    this.earlyHeaders = earlyHeaders;
    this.errors = errors;
  }

  void onEnd(Runnable action) {
    synchronized (this) {
      onEnd = Optional.of(action);
    }
  }

  /// The call is over, however it ended.
  void ended() {
    Optional<Runnable> action;
    synchronized (this) {
      action = onEnd;
      onEnd = Optional.empty();
    }
    action.ifPresent(Runnable::run);
  }

  /// Clients of long streams wait for headers before the first message is due.
  void sendEarlyHeaders() {
    if (earlyHeaders) {
      sendHeaders(new Metadata());
    }
  }

  @Override
  public void sendHeaders(Metadata headers) {
    synchronized (this) {
      if (headersSent || closed) {
        return;
      }
      headersSent = true;
      delegate().sendHeaders(headers);
    }
  }

  @Override
  public void sendMessage(A message) {
    synchronized (this) {
      if (!closed) {
        delegate().sendMessage(message);
      }
    }
  }

  @Override
  public void close(Status status, Metadata trailers) {
    if (status.isOk()) {
      end(status, trailers);
    } else {
      failed(status, trailers);
    }
  }

  private void failed(Status status, Metadata trailers) {
    Throwable cause = status.getCause();
    switch (cause) {
      case RequestFailure failure -> fail(failure);
      case null -> {
        if (status.getCode() == Status.Code.UNKNOWN || status.getCode() == Status.Code.INTERNAL) {
          incident(status.asRuntimeException());
        } else {
          end(status, trailers);
        }
      }
      default -> incident(cause);
    }
  }

  /// Ends the call with a known refusal.
  void fail(RequestFailure failure) {
    StatusRuntimeException error = errors.of(failure);
    Metadata trailers = error.getTrailers();
    end(error.getStatus(), trailers == null ? new Metadata() : trailers);
  }

  /// Ends the call because of a bug of ours or a broken machine.
  void incident(Throwable unexpected) {
    String id = UUID.randomUUID().toString();
    LOG.error("incident {} in {}", id, getMethodDescriptor().getFullMethodName(), unexpected);
    fail(new Refused(Reason.INTERNAL, "internal error, incident " + id));
  }

  boolean isClosed() {
    synchronized (this) {
      return closed;
    }
  }

  private void end(Status status, Metadata trailers) {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      delegate().close(status, trailers);
    }
    ended();
  }
}
