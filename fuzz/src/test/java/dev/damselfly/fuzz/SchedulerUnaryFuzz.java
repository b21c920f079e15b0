package dev.damselfly.fuzz;

import com.google.protobuf.Message;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeletePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.api.wire.scheduler.v2.StatPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.boot.ServedScheduler;
import dev.damselfly.scheduler.task.PeerSpec;
import dev.damselfly.scheduler.task.TaskKey;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Calls of a scheduler from any caller, those that it does not serve among them: one step is one call, its kind the method and its flags the caller.
public final class SchedulerUnaryFuzz implements HandlerTarget {
  private static final int MAX_CALLS = 8;
  private static final int OWN = 1;
  private static final int KNOWN = 2;
  private static final int CANARY = 4;
  private static final SchedulerBench BENCH = new SchedulerBench();
  private static final String TASK = SchedulerBench.taskId(SchedulerBench.download(0, 2));

  /// Have targets of their own.
  private static final Set<MethodDescriptor<?, ?>> STREAMS =
      Set.of(SchedulerGrpc.getAnnouncePeerMethod(), SwarmGrpc.getJoinMethod());

  /// In the order of their names, so that a kind means the same method tomorrow.
  private static final List<MethodDescriptor<?, ?>> METHODS =
      Stream.of(SchedulerGrpc.getServiceDescriptor(), SwarmGrpc.getServiceDescriptor(), HealthGrpc.getServiceDescriptor())
          .<MethodDescriptor<?, ?>>flatMap(service -> service.getMethods().stream())
          .filter(method -> !STREAMS.contains(method))
          .sorted((a, b) -> a.getFullMethodName().compareTo(b.getFullMethodName()))
          .toList();

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new SchedulerUnaryFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new SchedulerUnaryFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    ServedScheduler served = BENCH.fresh(List.of(People.TWO), false);
    var host = served.hosts.find(People.hostId(People.TWO)).orElseThrow();
    var download = SchedulerBench.download(0, 2);
    served.tasks.admit(
        TaskKey.publicTask(new dev.damselfly.api.id.TaskId(TASK)),
        download,
        PeerSpec.of(People.peerId(People.TWO, 1), host, download),
        this);
    boolean any = false;
    for (CallScript.Step step : CallScript.read(input, MAX_CALLS)) {
      MethodDescriptor<?, ?> method = METHODS.get(step.kind() % METHODS.size());
      var message = Ids.parse(method, step.bytes());
      if (message.isPresent()) {
        Caller caller = People.pick(step.flags() >> 3);
        any |= call(method, caller, prepared(message.get(), caller, step));
      }
    }
    BENCH.requireBounded();
    Accepted.note(any);
  }

  private static boolean call(MethodDescriptor<?, ?> method, Caller caller, Message message) {
    ServedScheduler.State before = BENCH.served().state();
    var dialogue = Dialogue.once(BENCH.as(caller), method, new Metadata(), message);
    if (method.equals(HealthGrpc.getWatchMethod())) {
      dialogue.breakOff(); // it lasts until the caller goes
    }
    dialogue.requireOver();
    if (!dialogue.isOk()) {
      if (!BENCH.served().state().equals(before)) {
        throw new AssertionError(method.getFullMethodName() + " was refused and left something behind");
      }
      return false;
    }
    if (!method.getFullMethodName().startsWith("grpc.health")) {
      Ids.requireOwnPeer(message, caller);
      if (caller.cluster().filter(ServedScheduler.CLUSTER::equals).isEmpty() && !caller.equals(People.OPERATOR)) {
        throw new AssertionError(method.getFullMethodName() + " served a caller that is no member");
      }
    }
    return true;
  }

  private static Message prepared(Message message, Caller caller, CallScript.Step step) {
    Message result = message;
    if (step.has(OWN)) {
      result = Ids.with(Ids.own(result, caller), "peer_id", People.peerId(caller, 1));
    }
    if (step.has(KNOWN)) {
      result = Ids.with(result, "task_id", TASK);
    }
    return step.has(CANARY) ? Canary.put(result) : result;
  }

  @Override
  public String name() {
    return "scheduler-unary";
  }

  @Override
  public String oracle() {
    return "never INTERNAL; accepted: field constraints hold, for the own host only; refused: no state";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(dev.damselfly.scheduler.task.TaskCalls.class, dev.damselfly.scheduler.host.HostCalls.class);
  }

  @Override
  public Set<String> rpcs() {
    return METHODS.stream().map(MethodDescriptor::getFullMethodName).collect(Collectors.toUnmodifiableSet());
  }

  private static int kind(MethodDescriptor<?, ?> method) {
    return METHODS.indexOf(method);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int who = 0; who < 5; who++) {
      int flags = who << 3;
      var script = new CallScript();
      for (Message message : messages(who)) {
        MethodDescriptor<?, ?> method = methodOf(message);
        script.step(kind(method), flags | OWN | KNOWN, message.toByteArray());
        seeds.add(new CallScript().step(kind(method), flags | OWN | KNOWN | CANARY, message.toByteArray()).toBytes());
      }
      seeds.add(script.toBytes());
    }
    for (MethodDescriptor<?, ?> method : METHODS) {
      seeds.add(new CallScript().step(kind(method), 0, new byte[0]).toBytes());
    }
    seeds.addAll(RecordedFlows.requests("scheduler.v2.AnnounceHostRequest", kind(SchedulerGrpc.getAnnounceHostMethod()), OWN));
    return seeds;
  }

  private static List<Message> messages(int who) {
    Caller caller = People.pick(who);
    String host = People.hostId(caller);
    String peer = People.peerId(caller, 1);
    return List.of(
        AnnounceHostRequest.newBuilder().setHost(SchedulerBench.host(caller).toBuilder().setOs("linux")).build(),
        ListHostsRequest.newBuilder().setType(who).build(),
        StatTaskRequest.newBuilder().setHostId(host).setTaskId(TASK).build(),
        StatPeerRequest.newBuilder().setHostId(host).setTaskId(TASK).setPeerId(peer).build(),
        DeletePeerRequest.newBuilder().setHostId(host).setTaskId(TASK).setPeerId(peer).build(),
        DeleteTaskRequest.newBuilder().setHostId(host).setTaskId(TASK).build(),
        DeleteHostRequest.newBuilder().setHostId(host).build(),
        ListGrantKeysRequest.getDefaultInstance(),
        ListLegacyHoldersRequest.newBuilder()
            .setHostId(host)
            .setTaskId(TASK)
            .setDigest("sha256:" + "0".repeat(64))
            .setHasOrigin(who == 0)
            .build(),
        HealthCheckRequest.newBuilder().setService(who == 0 ? "" : "scheduler.v2.Scheduler").build());
  }

  private static MethodDescriptor<?, ?> methodOf(Message message) {
    return METHODS.stream()
        .filter(method -> Ids.parse(method, new byte[0]).orElseThrow().getClass() == message.getClass())
        .findFirst()
        .orElseThrow();
  }
}
