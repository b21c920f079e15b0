package dev.damselfly.authz.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Each bound of a server, reached from outside: what goes beyond is refused, everybody else is served.
@NullMarked
class GuardBoundsTest {
  private static final String OTHER = "/damselfly/peer/east/host-2";
  private static final int PATIENCE_SECONDS = 30;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private Fixture server(Map<Bound, Long> bounds) throws IOException {
    Map<String, Long> chosen = new HashMap<>();
    bounds.forEach((bound, value) -> chosen.put(bound.key(), value));
    var fixture = new Fixture(Limits.configured(Part.SCHEDULER, chosen));
    open.push(fixture);
    return fixture;
  }

  private ManagedChannel channel(Fixture fixture, String path) {
    GuardedChannels channels = fixture.channels(fixture.ca.snapshot(path));
    open.push(channels);
    ManagedChannel channel = fixture.open(channels);
    open.push(channel::shutdownNow);
    return channel;
  }

  private static SwarmGrpc.SwarmBlockingStub stub(ManagedChannel channel) {
    return SwarmGrpc.newBlockingStub(channel).withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static void call(ManagedChannel channel) {
    stub(channel).listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
  }

  private static StatusRuntimeException refusal(Runnable call) {
    return catchThrowableOfType(StatusRuntimeException.class, call::run);
  }

  /// A socket that says nothing.
  private Socket silent(Fixture fixture) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), fixture.server.port());
    open.push(socket);
    socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    return socket;
  }

  /// Completes when the server closed the socket.
  private static CompletableFuture<Socket> closed(Socket socket) {
    var closed = new CompletableFuture<Socket>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                if (socket.getInputStream().read() < 0) {
                  closed.complete(socket);
                }
              } catch (IOException e) {
                closed.completeExceptionally(new UncheckedIOException(e));
              }
            });
    return closed;
  }

  @Test
  @Threat({"B-40", "F-16"})
  void handshakes_beyondTheBoundAreRefusedAtOnce_andLeaveTheOthersTheirPlaces() throws Exception {
    var fixture = server(Map.of(Bound.HANDSHAKES, 2L, Bound.HANDSHAKE_TIME, 30_000L));
    var before = channel(fixture, Fixture.PEER);
    call(before);

    List<CompletableFuture<Socket>> waiting = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiting.add(closed(silent(fixture)));
    }
    CompletableFuture.anyOf(waiting.toArray(CompletableFuture<?>[]::new)).get(PATIENCE_SECONDS, TimeUnit.SECONDS);

    assertThat(waiting).filteredOn(CompletableFuture::isDone).hasSize(1);
    assertThat(fixture.audit.await(event -> event.action() == AuditAction.LIMIT_HIT).reason()).isEqualTo("HANDSHAKES");
    call(before); // whoever is inside is served on
  }

  @Test
  @Threat("B-40")
  void handshake_thatGivesUpLeavesItsPlaceToTheNext() throws Exception {
    var fixture = server(Map.of(Bound.HANDSHAKES, 1L, Bound.HANDSHAKE_TIME, 30_000L));

    silent(fixture).close();

    SwarmGrpc.newBlockingStub(channel(fixture, Fixture.PEER))
        .withWaitForReady() // it tries again until the server has seen the end of the other
        .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
    assertThat(fixture.service.callers).hasSize(1);
  }

  @Test
  @Threat({"B-40", "S-VTX-7"})
  void handshake_thatDoesNotComeToItsEndIsClosed() throws Exception {
    var fixture = server(Map.of(Bound.HANDSHAKE_TIME, 200L));

    assertThat(closed(silent(fixture))).succeedsWithin(Duration.ofSeconds(8));
  }

  @Test
  @Threat({"B-09", "F-16"})
  void identity_withAllItsConnections_getsNoOtherAndOthersDo() throws Exception {
    var fixture = server(Map.of(Bound.CONNECTIONS_PER_IDENTITY, 1L));
    var first = channel(fixture, Fixture.PEER);
    call(first);

    var error = refusal(() -> call(channel(fixture, Fixture.PEER)));

    assertThat(error).isNotNull();
    assertThat(error.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    var event = fixture.audit.await(it -> it.action() == AuditAction.LIMIT_HIT);
    assertThat(event.reason()).isEqualTo("CONNECTIONS_PER_IDENTITY");
    assertThat(event.actor()).endsWith(Fixture.PEER);
    call(first);
    call(channel(fixture, OTHER));
  }

  @Test
  @Threat("B-09")
  void connection_thatEndsGivesItsPlaceBack() throws Exception {
    var fixture = server(Map.of(Bound.CONNECTIONS_PER_IDENTITY, 1L, Bound.CONNECTIONS, 1L));
    var first = channel(fixture, Fixture.PEER);
    call(first);
    first.shutdownNow();

    SwarmGrpc.newBlockingStub(channel(fixture, Fixture.PEER))
        .withWaitForReady()
        .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .listGrantKeys(ListGrantKeysRequest.getDefaultInstance());

    assertThat(fixture.service.callers).hasSize(2);
  }

  @Test
  @Threat("B-10")
  void connections_beyondTheBoundAreRefused_andTheServerGoesOnAccepting() throws Exception {
    var fixture = server(Map.of(Bound.CONNECTIONS_PER_IDENTITY, 2L, Bound.CONNECTIONS, 2L));
    var one = channel(fixture, Fixture.PEER);
    var two = channel(fixture, OTHER);
    call(one);
    call(two);

    for (int attempt = 0; attempt < 5; attempt++) {
      closed(silent(fixture)).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    assertThat(fixture.audit.await(event -> event.action() == AuditAction.LIMIT_HIT).reason()).isEqualTo("CONNECTIONS");
    call(one);
    call(two);
  }

  @Test
  @Threat({"B-13", "F-40"})
  void message_aboveTheBoundIsRefusedAndDoesNotReachTheHandler() throws Exception {
    var fixture = server(Map.of(Bound.GRPC_MESSAGE, 1024L));
    var channel = channel(fixture, Fixture.PEER);
    var answers = new Answers();
    var requests = SwarmGrpc.newStub(channel).join(answers);

    requests.onNext(
        JoinRequest.newBuilder(GuardedServerTest.register("10.0.0.1-host-1", false))
            .mergeFrom(padding(2048))
            .build());

    // the first is gRPC's name for it, the second what a client of a stream that is under way sees of it
    assertThat(answers.error().getStatus().getCode()).isIn(Code.RESOURCE_EXHAUSTED, Code.CANCELLED);
    assertThat(answers.count()).isZero();
    call(channel);
  }

  private static JoinRequest padding(int bytes) {
    var unknown =
        UnknownFieldSet.newBuilder()
            .addField(
                1000,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFrom(new byte[bytes]))
                    .build())
            .build();
    return JoinRequest.newBuilder().setUnknownFields(unknown).build();
  }

  @Test
  @Threat("B-14")
  void metadata_isTakenUpToTheBoundAndNotBeyond() throws Exception {
    var fixture = server(Map.of());
    var channel = channel(fixture, Fixture.PEER);

    stub(channel).withInterceptors(header(12 << 10)).listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
    var error =
        refusal(
            () -> stub(channel).withInterceptors(header(17 << 10)).listGrantKeys(ListGrantKeysRequest.getDefaultInstance()));

    assertThat(error).isNotNull();
    assertThat(fixture.service.callers).hasSize(1);
  }

  private static ClientInterceptor header(int bytes) {
    var headers = new Metadata();
    headers.put(Metadata.Key.of("x-long", Metadata.ASCII_STRING_MARSHALLER), "a".repeat(bytes));
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  @Test
  @Threat({"B-15", "S-UPG-4"})
  void streams_ofAConnectionWaitForEachOtherAtTheBound() throws Exception {
    var fixture = server(Map.of(Bound.ANNOUNCE_STREAMS_PER_CONNECTION, 2L));
    var channel = channel(fixture, Fixture.PEER);
    List<Answers> streams = new ArrayList<>();
    List<StreamObserver<JoinRequest>> requests = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      streams.add(new Answers());
      requests.add(SwarmGrpc.newStub(channel).join(streams.get(i)));
      requests.get(i).onNext(GuardedServerTest.register("10.0.0.1-host-1", false));
    }
    streams.get(0).awaitFirst();
    streams.get(1).awaitFirst();

    assertThat(fixture.service.callers).hasSize(2);
    requests.getFirst().onCompleted();

    streams.get(2).awaitFirst();
  }

  @Test
  @Threat("B-15")
  void calls_ofAllIdentitiesTogetherAreBounded() throws Exception {
    var fixture = server(Map.of(Bound.STREAMS_PER_IDENTITY, 1L, Bound.CALLS, 1L));
    var answers = new Answers();
    SwarmGrpc.newStub(channel(fixture, Fixture.PEER)).join(answers).onNext(GuardedServerTest.register("10.0.0.1-host-1", false));
    answers.awaitFirst();

    var error = refusal(() -> call(channel(fixture, OTHER)));

    assertThat(error).isNotNull();
    assertThat(GrpcErrors.reasonOf(error)).contains(Reason.LIMIT_EXCEEDED);
  }

  @Test
  @Threat({"B-16", "F-09"})
  void connection_thatResetsItsStreamsTooOftenIsEnded() throws Exception {
    var fixture = server(Map.of(Bound.RESETS, 5L, Bound.RESET_WINDOW, 30_000L));
    var channel = channel(fixture, Fixture.PEER);
    var victim = new Answers();
    SwarmGrpc.newStub(channel).join(victim).onNext(GuardedServerTest.register("10.0.0.1-host-1", false));
    victim.awaitFirst();

    for (int i = 0; i < 20; i++) {
      var reset = new Answers();
      SwarmGrpc.newStub(channel).join(reset).onNext(GuardedServerTest.register("10.0.0.1-host-1", false));
      if (!reset.awaitFirstOrEnd()) {
        break; // the connection is over
      }
      reset.cancel();
    }

    assertThat(victim.error().getStatus().getCode()).isNotEqualTo(Code.OK);
  }

  /// What comes back on a stream.
  private static final class Answers implements ClientResponseObserver<JoinRequest, JoinEvent> {
    private final CompletableFuture<Boolean> first = new CompletableFuture<>();
    private final CompletableFuture<StatusRuntimeException> failed = new CompletableFuture<>();
    private final AtomicInteger count = new AtomicInteger();
    private volatile @Nullable ClientCallStreamObserver<JoinRequest> call;

    @Override
    public void beforeStart(ClientCallStreamObserver<JoinRequest> stream) {
      call = stream;
    }

    @Override
    public void onNext(JoinEvent event) {
      count.incrementAndGet();
      first.complete(true);
    }

    @Override
    public void onError(Throwable error) {
      first.complete(false);
      if (error instanceof StatusRuntimeException known) {
        failed.complete(known);
      }
    }

    @Override
    public void onCompleted() {
      first.complete(false);
    }

    void awaitFirst() throws Exception {
      assertThat(first.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    boolean awaitFirstOrEnd() throws Exception {
      return first.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    void cancel() {
      ClientCallStreamObserver<JoinRequest> running = call;
      if (running != null) {
        running.cancel("enough", null);
      }
    }

    int count() {
      return count.get();
    }

    StatusRuntimeException error() throws Exception {
      return failed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }
}
