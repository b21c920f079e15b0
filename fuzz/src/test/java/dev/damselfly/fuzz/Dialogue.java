package dev.damselfly.fuzz;

import com.google.protobuf.Message;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One call: what was said, what came back. On the in-process guard everything has happened when a method returns.
///
/// The base oracle of every handler lives here: a call never ends INTERNAL or UNKNOWN, errors have one of the known
/// reasons and repeat nothing of what was sent, and a message that was let through holds the field constraints.
final class Dialogue {
  private final MethodDescriptor<Message, Message> method;
  private final ClientCall<Message, Message> call;
  private final List<Message> heard = new ArrayList<>();
  private @Nullable Status status;
  private Metadata trailers = new Metadata();
  private boolean saidAll;
  private boolean brokeOff;

  @SuppressWarnings("unchecked") // all methods of ours carry protobuf messages
  Dialogue(Channel channel, MethodDescriptor<?, ?> method, Metadata headers) {
    this.method = (MethodDescriptor<Message, Message>) method;
    this.call = channel.newCall(this.method, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(Message message) {
            heard.add(message);
          }

          @Override
          public void onClose(Status end, Metadata last) {
            status = end;
            trailers = last;
          }
        },
        headers);
    call.request(Integer.MAX_VALUE);
    judgeEnd();
  }

  /// One whole call with one message.
  static Dialogue once(Channel channel, MethodDescriptor<?, ?> method, Metadata headers, Message message) {
    var dialogue = new Dialogue(channel, method, headers);
    dialogue.say(message);
    dialogue.halfClose();
    return dialogue;
  }

  /// Says it, if the call has not ended.
  ///
  /// @return whether the server let the message through
  boolean say(Message message) {
    if (isOver()) {
      return false;
    }
    call.sendMessage(message);
    if (method.getType().clientSendsOneMessage()) {
      halfClose();
    }
    judgeEnd();
    boolean through = status == null || status.isOk();
    if (through) {
      Constraints.requireHold(message);
    }
    return through;
  }

  void halfClose() {
    if (!isOver() && !saidAll) {
      saidAll = true;
      call.halfClose();
      judgeEnd();
    }
  }

  void breakOff() {
    if (!isOver()) {
      brokeOff = true;
      call.cancel("the caller is gone", null);
    }
  }

  boolean isOver() {
    return status != null;
  }

  boolean isOk() {
    return status != null && status.isOk();
  }

  /// Ended with an error of the server's.
  boolean isRefused() {
    return status != null && !status.isOk() && !brokeOff;
  }

  List<Message> heard() {
    return heard;
  }

  Optional<Reason> reason() {
    return status == null ? Optional.empty() : GrpcErrors.reasonOf(status.asRuntimeException(trailers));
  }

  /// @throws AssertionError when the call is still open
  void requireOver() {
    if (status == null) {
      throw new AssertionError(method.getFullMethodName() + " does not end");
    }
  }

  /// The health service is not ours and knows none of our reasons.
  private boolean isForeign() {
    return "grpc.health.v1.Health".equals(method.getServiceName());
  }

  private void judgeEnd() {
    Status end = status;
    if (end == null) {
      return;
    }
    Canary.requireSilent(end, trailers);
    switch (end.getCode()) {
      case INTERNAL, UNKNOWN -> throw new AssertionError(method.getFullMethodName() + " ended with " + end);
      case OK, CANCELLED -> {}
      default -> {
        if (reason().isEmpty() && !isForeign()) {
          throw new AssertionError(method.getFullMethodName() + " ended without a known reason: " + end);
        }
      }
    }
  }
}
