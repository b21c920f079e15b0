package dev.damselfly.authz.identity.workload;

import com.sun.security.auth.module.UnixSystem;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.SpiffeId;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Identity from a Workload API on a Unix socket, followed for the life of the process.
///
/// One thread reads the stream and publishes states. An update that fails a check is ignored and audited; the last
/// good state stays until its SVID expires. When the API denies the identity, the state is withdrawn. A refusal that goes on
/// is audited as [Repeats] says, not at each try.
public final class WorkloadApiSource implements IdentitySource {
  private static final System.Logger LOG = System.getLogger(WorkloadApiSource.class.getName());
  private static final String NO_IDENTITY = "the Workload API has no identity for this process, which runs as uid %d (PERMISSION_DENIED)";

  private final WorkloadEndpoint endpoint;
  private final UpdateReader reader;
  private final InstantSource clock;
  private final Audit audit;
  private final Retry retry;
  private final List<Consumer<IdentitySnapshot>> listeners = new CopyOnWriteArrayList<>();
  private final CountDownLatch first = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Repeats repeats = new Repeats();
  private final Thread follower;
  private volatile @Nullable IdentitySnapshot current;
  private volatile @Nullable WorkloadStream stream;
  private volatile String trouble = "no answer yet";
  private volatile boolean streaming;
  private volatile Instant lastContact;

  WorkloadApiSource(WorkloadEndpoint endpoint, Optional<SpiffeId> wanted, InstantSource clock, Audit audit, Retry retry) {
    this.endpoint = endpoint;
    this.reader = new UpdateReader(wanted);
    this.clock = clock;
    this.audit = audit;
    this.retry = retry;
    this.lastContact = clock.instant();
    this.follower = Thread.ofPlatform().daemon().name("workload-api").unstarted(this::follow);
  }

  /// Connects and waits for the first usable identity.
  ///
  /// @param wanted the id to take when the API has several for this process; the first otherwise
  /// @param deadline longest wait
  /// @throws WorkloadApiUnavailable when there is none in time, or the API refuses for good
  public static WorkloadApiSource open(
      WorkloadEndpoint endpoint, Optional<SpiffeId> wanted, InstantSource clock, Audit audit, Duration deadline)
      throws WorkloadApiUnavailable, InterruptedException {
    return new WorkloadApiSource(endpoint, wanted, clock, audit, Retry.STANDARD).start(deadline);
  }

  WorkloadApiSource start(Duration deadline) throws WorkloadApiUnavailable, InterruptedException {
    follower.start();
    boolean answered = first.await(deadline.toMillis(), TimeUnit.MILLISECONDS);
    if (!answered || current == null) {
      close();
      throw new WorkloadApiUnavailable("no identity from the Workload API: " + trouble);
    }
    return this;
  }

  @Override
  public IdentitySnapshot current() {
    IdentitySnapshot snapshot = current;
    if (snapshot == null) {
      throw new IllegalStateException("not started");
    }
    return snapshot;
  }

  @Override
  public Subscription subscribe(Consumer<IdentitySnapshot> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /// Whether the identity is valid and either the stream stands, or less than half of the time that was left when it
  /// broke is over.
  public boolean isHealthy() {
    IdentitySnapshot snapshot = current;
    Instant now = clock.instant();
    if (snapshot == null || !snapshot.isUsableAt(now)) {
      return false;
    }
    Instant half = lastContact.plus(Duration.between(lastContact, snapshot.notAfter()).dividedBy(2));
    return streaming || now.isBefore(half);
  }

  /// Whether the stream stands and has brought a usable state.
  boolean isStreaming() {
    return streaming;
  }

  /// Ends the stream and its thread; the last state stays readable.
  @Override
  public void close() {
    closed.countDown();
    WorkloadStream open = stream;
    if (open != null) {
      open.close();
    }
    listeners.clear();
  }

  private void follow() {
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    int failures = 0;
    try {
      boolean again = true;
      while (again) {
        boolean worked = false;
        try (var attempt = connect(loop)) {
          stream = attempt;
          worked = !isClosed() && read(attempt.responses()); // asked after the assignment: one of both sees the other
        } catch (IOException e) {
          trouble(String.valueOf(e.getMessage()));
        } catch (StreamEnded e) {
          worked = e.worked();
          again = isClosed() || isWorthAnotherTry(e.status());
        }
        failures = worked ? 0 : failures + 1;
        again &= !closed.await(retry.after(failures, ThreadLocalRandom.current()).toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the process ends
    } finally {
      first.countDown();
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private WorkloadStream connect(EventLoopGroup loop) throws IOException {
    SocketOwner.require(endpoint.socket());
    return new WorkloadStream(endpoint, loop);
  }

  /// How a stream ended with an error.
  private static final class StreamEnded extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Status status;
    private final boolean worked;

    StreamEnded(Status status, boolean worked) {
      super(status.getCode().name(), null, false, false);
      this.status = status;
      this.worked = worked;
    }

    Status status() {
      return status;
    }

    boolean worked() {
      return worked;
    }
  }

  /// @return whether at least one usable state came
  private boolean read(Iterator<X509SVIDResponse> responses) throws StreamEnded {
    boolean worked = false;
    try {
      while (responses.hasNext()) {
        worked |= take(responses.next());
        streaming = worked;
      }
      return worked;
    } catch (StatusRuntimeException e) {
      throw new StreamEnded(e.getStatus(), worked);
    } finally {
      if (streaming) {
        streaming = false;
        lastContact = clock.instant();
      }
    }
  }

  private boolean isWorthAnotherTry(Status status) {
    boolean denied = status.getCode() == Status.Code.PERMISSION_DENIED;
    trouble(denied ? NO_IDENTITY.formatted(new UnixSystem().getUid()) : "the Workload API answered " + status.getCode());
    return switch (status.getCode()) {
      case INVALID_ARGUMENT, UNIMPLEMENTED -> { // Workload Endpoint 6 and appendix A: no retry
        failed("WORKLOAD_API_" + status.getCode());
        yield false;
      }
      case PERMISSION_DENIED -> {
        denied();
        yield true;
      }
      default -> true;
    };
  }

  private boolean take(X509SVIDResponse response) {
    IdentitySnapshot before = current;
    long generation = before == null ? 1 : before.generation() + 1;
    try {
      IdentitySnapshot next = reader.read(response, clock.instant(), generation);
      recordChange(before, next);
      repeats.end();
      publish(next);
      return true;
    } catch (UpdateRefused e) {
      trouble("the update was refused: " + e.getMessage());
      failed(
          e.isAboutBundles() ? AuditAction.BUNDLE_REFUSE : AuditAction.SVID_ROTATE_FAIL,
          e.flaw().name(),
          String.valueOf(e.getMessage()));
      return false;
    } catch (Audit.AuditUnavailable e) {
      trouble("the update could not be audited");
      return false;
    }
  }

  private void recordChange(@Nullable IdentitySnapshot before, IdentitySnapshot next) {
    if (before == null || !Arrays.equals(before.chainDer().getFirst(), next.chainDer().getFirst())) {
      audit.record(event(AuditAction.SVID_ROTATE, next.id(), AuditEvent.Decision.DONE, "", Map.of("not_after", next.notAfter().toString())));
    }
    if (before == null || !before.bundles().fingerprints().equals(next.bundles().fingerprints())) {
      String domains = Integer.toString(next.bundles().authoritiesDer().size());
      audit.record(event(AuditAction.BUNDLE_UPDATE, next.id(), AuditEvent.Decision.DONE, "", Map.of("domains", domains)));
    }
  }

  private void denied() {
    IdentitySnapshot before = current;
    Instant now = clock.instant();
    if (before == null || !before.isUsableAt(now)) {
      failed("DENIED");
      return;
    }
    failed("WITHDRAWN");
    publish(before.withdrawnAt(now));
  }

  private void publish(IdentitySnapshot next) {
    current = next;
    trouble = "";
    lastContact = clock.instant();
    first.countDown();
    for (Consumer<IdentitySnapshot> listener : listeners) {
      try {
        listener.accept(next);
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "a listener failed on a new identity", e); // the others still hear of it
      }
    }
  }

  private void failed(String reason) {
    failed(AuditAction.SVID_ROTATE_FAIL, reason, "");
  }

  /// Records something that does not depend on being recorded.
  private void failed(AuditAction action, String reason, String detail) {
    OptionalLong times = repeats.timesToTell(action.wire() + ' ' + reason + ' ' + detail);
    if (times.isEmpty()) {
      return;
    }
    try {
      IdentitySnapshot known = current;
      var facts = Map.of("detail", detail, "times", Long.toString(times.getAsLong()));
      audit.record(event(action, known == null ? null : known.id(), AuditEvent.Decision.FAILED, reason, facts));
    } catch (Audit.AuditUnavailable e) {
      LOG.log(System.Logger.Level.ERROR, "could not be audited: " + action.wire() + " " + reason);
    }
  }

  private static AuditEvent event(
      AuditAction action,
      @Nullable SpiffeId id,
      AuditEvent.Decision decision,
      String reason,
      Map<String, String> detail) {
    return new AuditEvent(action, id == null ? "anonymous" : id.toString(), "", decision, reason, "local", detail);
  }

  private void trouble(String what) {
    trouble = what;
    LOG.log(System.Logger.Level.WARNING, what);
  }
}
