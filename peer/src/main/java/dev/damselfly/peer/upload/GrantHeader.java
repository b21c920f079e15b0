package dev.damselfly.peer.upload;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/// Carries the grant of a call from its metadata to the adapter.
final class GrantHeader implements ServerInterceptor {
  static final Metadata.Key<byte[]> NAME = Metadata.Key.of("damselfly-grant-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Context.Key<ByteString> KEY = Context.keyWithDefault("damselfly-grant", ByteString.EMPTY);

  /// The grant of the current call; empty when there was none.
  static ByteString current() {
    return KEY.get();
  }

  @Override
  public <A, B> ServerCall.Listener<A> interceptCall(ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
    byte[] grant = headers.get(NAME);
    ByteString bytes = grant == null ? ByteString.EMPTY : ByteString.copyFrom(grant);
    return Contexts.interceptCall(Context.current().withValue(KEY, bytes), call, headers, next);
  }
}
