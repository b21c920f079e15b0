package dev.damselfly.conformance.link;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

/// Writes each message of a channel or server into the transcript.
///
/// @param actor who of the suite holds this end
record Recorder(String actor, Transcript transcript) implements ClientInterceptor, ServerInterceptor {
  private void sent(String method, Object message) {
    if (message instanceof Message typed) {
      transcript.message(actor, method, typed);
    }
  }

  private void seen(String method, Object message) {
    if (message instanceof Message typed) {
      transcript.message("target", method, typed);
    }
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    String name = method.getFullMethodName();
    return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        super.start(
            new ForwardingClientCallListener.SimpleForwardingClientCallListener<>(listener) {
              @Override
              public void onMessage(A message) {
                seen(name, message);
                super.onMessage(message);
              }

              @Override
              public void onClose(Status status, Metadata trailers) {
                transcript.note("target", name + " ends " + status.getCode());
                super.onClose(status, trailers);
              }
            },
            headers);
      }

      @Override
      public void sendMessage(Q message) {
        sent(name, message);
        super.sendMessage(message);
      }
    };
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String name = call.getMethodDescriptor().getFullMethodName();
    var recorded =
        new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
          @Override
          public void sendMessage(A message) {
            sent(name, message);
            super.sendMessage(message);
          }

          @Override
          public void close(Status status, Metadata trailers) {
            transcript.note(actor, name + " ends " + status.getCode());
            super.close(status, trailers);
          }
        };
    transcript.note("target", name + " begins");
    return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(next.startCall(recorded, headers)) {
      @Override
      public void onMessage(Q message) {
        seen(name, message);
        super.onMessage(message);
      }
    };
  }
}
