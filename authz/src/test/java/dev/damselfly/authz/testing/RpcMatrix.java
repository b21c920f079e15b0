package dev.damselfly.authz.testing;

import com.google.protobuf.Message;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.guard.GuardedServer;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/// Every RPC of a running process with every kind of caller, over real connections. RPCs are asked of the running
/// server, so that a new one is in every column at once.
///
/// ```
/// try (var matrix = new RpcMatrix(process.server(), ca, audit)) {
///   assertThat(matrix.strangersLetIn("/damselfly/peer/c1/host-1")).isEmpty();
///   assertThat(matrix.openTo("/damselfly/peer/c1/host-1", Claims.ofHost("host-1", false))).containsExactly(...);
/// }
/// ```
public final class RpcMatrix implements AutoCloseable {
  private final GuardedServer server;
  private final TestCa ca;
  private final MemoryAudit audit;
  private final RawClient client = new RawClient();

  /// Whom no process lets in, whatever the RPC.
  private enum Stranger {
    PLAIN_TCP("TLS"),
    NO_CERTIFICATE("TLS"),
    EXPIRED("TIME"),
    NOT_YET_VALID("TIME"),
    OTHER_TRUST_DOMAIN("NO_BUNDLE"),
    OTHER_AUTHORITY_OF_THAT_NAME("PATH"),
    NO_ROLE("NO_ROLE");

    private final String reason;

    Stranger(String reason) {
      this.reason = reason;
    }
  }

  /// What became of one call.
  private record Outcome(Status status, Optional<Reason> reason, long admitted, List<AuditEvent> recorded) {
    boolean isRefusedByGuard() {
      return reason.equals(Optional.of(Reason.CALLER_NOT_ALLOWED)) && admitted == 0;
    }
  }

  /// @param ca the trust domain of the process
  /// @param audit the log of the process
  public RpcMatrix(GuardedServer server, TestCa ca, MemoryAudit audit) {
    this.server = server;
    this.ca = ca;
    this.audit = audit;
  }

  /// Bare names of all RPCs.
  public Set<String> methods() {
    var names = new TreeSet<String>();
    server.methods().forEach(method -> names.add(String.valueOf(method.getBareMethodName())));
    return names;
  }

  /// Calls every RPC as everybody whose TLS handshake must fail.
  ///
  /// @param path of an identity that the process would serve
  /// @return what went wrong: calls that were let in, or refused without the right audit record
  public List<String> strangersLetIn(String path) throws InterruptedException {
    var wrong = new ArrayList<String>();
    for (Stranger stranger : Stranger.values()) {
      for (MethodDescriptor<?, ?> method : server.methods()) {
        String cell = stranger + " x " + method.getFullMethodName() + ": ";
        strangersCell(stranger, path, method).ifPresent(problem -> wrong.add(cell + problem));
      }
    }
    return wrong;
  }

  private Optional<String> strangersCell(Stranger stranger, String path, MethodDescriptor<?, ?> method)
      throws InterruptedException {
    int mark = audit.events().size();
    long before = server.admitted();
    ManagedChannel channel = channel(stranger, path);
    try {
      RawClient.Answer answer = call(channel, method, prototype(method));
      if (answer.status().getCode() != Status.Code.UNAVAILABLE || server.admitted() != before) {
        return Optional.of("answered " + answer.status());
      }
      AuditEvent event = audit.await(mark, it -> it.action() == AuditAction.AUTHN_FAILURE);
      boolean right =
          event.decision() == Decision.DENY
              && event.reason().equals(stranger.reason)
              && event.source().contains("127.0.0.1");
      return right ? Optional.empty() : Optional.of("recorded as " + event);
    } finally {
      end(channel);
    }
  }

  private ManagedChannel channel(Stranger stranger, String path) {
    Instant now = Instant.now();
    Duration hour = Duration.ofHours(1);
    int port = server.port();
    String domain = ca.trustDomain().name();
    return switch (stranger) {
      case PLAIN_TCP -> client.plain(port);
      case NO_CERTIFICATE -> client.anonymous(port);
      case EXPIRED -> client.as(ca.svid(path, it -> it.validity(now.minus(hour), now.minusSeconds(2))), port);
      case NOT_YET_VALID -> client.as(ca.svid(path, it -> it.validity(now.plus(hour), now.plus(hour).plus(hour))), port);
      case OTHER_TRUST_DOMAIN -> client.as(TestCa.root("other." + domain).svid(path), port);
      case OTHER_AUTHORITY_OF_THAT_NAME -> client.as(TestCa.root(domain).svid(path), port);
      case NO_ROLE -> client.as(ca.svid("/elsewhere" + path), port);
    };
  }

  /// Calls every RPC with a valid identity, saying `claims` of itself.
  ///
  /// @return bare names of the RPCs that the guard lets it call
  /// @throws AssertionError when a refusal is not recorded, or the process does not answer
  public Set<String> openTo(String path, Claims claims) throws InterruptedException {
    var open = new TreeSet<String>();
    ManagedChannel channel = client.as(ca.svid(path), server.port());
    try {
      for (MethodDescriptor<?, ?> method : server.methods()) {
        Outcome outcome = outcome(channel, method, claims.in(prototype(method)));
        if (outcome.isRefusedByGuard()) {
          requireRecord(outcome, path, method);
        } else {
          requireAnswer(outcome, method);
          open.add(String.valueOf(method.getBareMethodName()));
        }
      }
      return open;
    } finally {
      end(channel);
    }
  }

  /// Calls every RPC with a valid identity that says it is somebody else, in one field at a time.
  ///
  /// @param lies what it says, by field name; `host_id`, `peer_id`, `hostname` and so on
  /// @return for each field, the bare names of the RPCs that have it and do not refuse
  /// @throws AssertionError when a refusal is not recorded
  public Map<String, Set<String>> believed(String path, Claims truth, Map<String, Object> lies)
      throws InterruptedException {
    var believed = new HashMap<String, Set<String>>();
    ManagedChannel channel = client.as(ca.svid(path), server.port());
    try {
      for (var lie : new TreeMap<>(lies).entrySet()) {
        for (MethodDescriptor<?, ?> method : server.methods()) {
          Message prototype = prototype(method);
          if (!truth.fieldsOf(prototype.getDescriptorForType()).contains(lie.getKey().substring(lie.getKey().indexOf('.') + 1))) {
            continue;
          }
          Outcome outcome = outcome(channel, method, truth.with(lie.getKey(), lie.getValue()).in(prototype));
          if (outcome.reason().equals(Optional.of(Reason.CALLER_NOT_ALLOWED))) {
            requireRecord(outcome, path, method);
          } else {
            believed.computeIfAbsent(lie.getKey(), _ -> new TreeSet<>()).add(String.valueOf(method.getBareMethodName()));
          }
        }
      }
      return believed;
    } finally {
      end(channel);
    }
  }

  private void requireRecord(Outcome outcome, String path, MethodDescriptor<?, ?> method) {
    String actor = "spiffe://" + ca.trustDomain().name() + path;
    boolean recorded =
        outcome.recorded().stream()
            .anyMatch(
                event ->
                    event.decision() == Decision.DENY
                        && event.actor().equals(actor)
                        && event.object().equals("rpc:" + method.getFullMethodName())
                        && event.source().contains("127.0.0.1")
                        && !event.reason().isEmpty());
    if (!recorded) {
      throw new AssertionError(method.getFullMethodName() + " refused " + path + " without a record: " + outcome);
    }
  }

  private static void requireAnswer(Outcome outcome, MethodDescriptor<?, ?> method) {
    Status.Code code = outcome.status().getCode();
    if (code != Status.Code.OK && outcome.reason().isEmpty()) {
      throw new AssertionError(method.getFullMethodName() + " gave no answer of ours: " + outcome);
    }
  }

  private Outcome outcome(ManagedChannel channel, MethodDescriptor<?, ?> method, Message message)
      throws InterruptedException {
    int mark = audit.events().size();
    long before = server.admitted();
    RawClient.Answer answer = call(channel, method, message);
    Optional<Reason> reason = GrpcErrors.reasonOf(answer.status().asRuntimeException(answer.trailers()));
    List<AuditEvent> events = audit.events();
    return new Outcome(answer.status(), reason, server.admitted() - before, events.subList(mark, events.size()));
  }

  private static <Q, A> RawClient.Answer call(ManagedChannel channel, MethodDescriptor<Q, A> method, Message message)
      throws InterruptedException {
    @SuppressWarnings("unchecked") // made from the prototype of this very method
    Q request = (Q) message;
    return RawClient.call(channel, method, request);
  }

  private static Message prototype(MethodDescriptor<?, ?> method) {
    var marshaller = (PrototypeMarshaller<?>) method.getRequestMarshaller();
    return Objects.requireNonNull((Message) marshaller.getMessagePrototype(), "protobuf has prototypes");
  }

  private static void end(ManagedChannel channel) throws InterruptedException {
    channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    client.close();
  }
}
