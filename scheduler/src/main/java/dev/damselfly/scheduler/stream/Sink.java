package dev.damselfly.scheduler.stream;

import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.RequestFailure;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/// Where an [Outbox] writes. Called by one thread at a time.
public interface Sink<T> {
  /// False while the transport cannot take more.
  boolean isReady();

  void next(T message);

  void complete();

  void fail(RequestFailure failure);

  /// The response side of a gRPC stream. The caller wires ready and cancel handlers.
  static <T> Sink<T> of(StreamObserver<T> out) {
    return new Sink<>() {
      @Override
      public boolean isReady() {
        return !(out instanceof ServerCallStreamObserver<T> call) || call.isReady() || call.isCancelled();
      }

      @Override
      public void next(T message) {
        if (!(out instanceof ServerCallStreamObserver<T> call) || !call.isCancelled()) {
          out.onNext(message);
        }
      }

      @Override
      public void complete() {
        out.onCompleted();
      }

      @Override
      public void fail(RequestFailure failure) {
        out.onError(GrpcErrors.toStatus(failure));
      }
    };
  }
}
