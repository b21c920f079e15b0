package dev.damselfly.scheduler.boot;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/// The client's side of a stream: keeps what arrived. On a direct executor everything has arrived when `say` returns.
@NullMarked
public final class Talk<Q, A> implements ClientResponseObserver<Q, A> {
  private final List<A> heard = new ArrayList<>();
  private final boolean reads;
  private @Nullable ClientCallStreamObserver<Q> call;
  private @Nullable StreamObserver<Q> requests;
  private @Nullable Status status;
  private @Nullable Throwable error;

  private Talk(boolean reads) {
    this.reads = reads;
  }

  public static <Q, A> Talk<Q, A> open(Function<StreamObserver<A>, StreamObserver<Q>> method) {
    var talk = new Talk<Q, A>(true);
    talk.requests = method.apply(talk);
    return talk;
  }

  /// A client that never reads.
  public static <Q, A> Talk<Q, A> openDeaf(Function<StreamObserver<A>, StreamObserver<Q>> method) {
    var talk = new Talk<Q, A>(false);
    talk.requests = method.apply(talk);
    return talk;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> stream) {
    call = stream;
    if (!reads) {
      stream.disableAutoRequestWithInitial(0);
    }
  }

  public void say(Q message) {
    requests().onNext(message);
  }

  public void halfClose() {
    requests().onCompleted();
  }

  public void breakOff() {
    ClientCallStreamObserver<Q> stream = call;
    if (stream != null) {
      stream.cancel("the client is gone", null);
    }
  }

  private StreamObserver<Q> requests() {
    StreamObserver<Q> stream = requests;
    if (stream == null) {
      throw new IllegalStateException("not open");
    }
    return stream;
  }

  @Override
  public synchronized void onNext(A answer) {
    heard.add(answer);
  }

  @Override
  public synchronized void onError(Throwable t) {
    error = t;
    status = Status.fromThrowable(t);
  }

  @Override
  public synchronized void onCompleted() {
    status = Status.OK;
  }

  public synchronized List<A> heard() {
    return List.copyOf(heard);
  }

  /// What arrived since the last call.
  public synchronized List<A> fresh() {
    var all = List.copyOf(heard);
    heard.clear();
    return all;
  }

  public synchronized Optional<Status.Code> end() {
    return Optional.ofNullable(status).map(Status::getCode);
  }

  public synchronized StatusRuntimeException failure() {
    if (error instanceof StatusRuntimeException e) {
      return e;
    }
    throw new AssertionError("the stream did not fail: " + status);
  }
}
