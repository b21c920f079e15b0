package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.damselfly.api.wire.manager.v2.DeleteSeedPeerRequest;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.GetSeedPeerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSeedPeersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.UpdateSeedPeerRequest;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.manager.boot.ServedManager;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthGrpc;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Calls of a manager from members of two clusters and from others, on a database in memory.
public final class ManagerRpcFuzz implements HandlerTarget {
  private static final int MAX_CALLS = 6;
  private static final int OWN = 1;
  private static final int KEEPS_SIDE_OPEN = 2;
  private static final int CANARY = 4;
  private static final long EAST = 1;
  private static final long WEST = 2;
  private static final Map<Long, String> MARKS = Map.of(EAST, "eAsTmArK", WEST, "wEsTmArK");
  private static final Audit AUDIT = event -> Canary.requireAbsent(event.toString());
  private static final ServedManager SERVED = new ServedManager(AUDIT);
  private static final InProcessGuard GUARD =
      new InProcessGuard(SERVED.services(), ServedManager.policy(), AUDIT, Limits.of(Part.MANAGER));
  private static final List<MethodDescriptor<?, ?>> METHODS =
      Stream.of(ManagerGrpc.getServiceDescriptor(), HealthGrpc.getServiceDescriptor())
          .<MethodDescriptor<?, ?>>flatMap(service -> service.getMethods().stream())
          .sorted((a, b) -> a.getFullMethodName().compareTo(b.getFullMethodName()))
          .toList();

  static {
    for (Caller caller : List.of(People.SCHEDULER, People.WEST_SCHEDULER)) {
      call(ManagerGrpc.getUpdateSchedulerMethod(), caller, own(scheduler().setIdc(mark(caller)).build(), caller));
    }
    for (Caller caller : List.of(People.SEED, People.WEST_SEED)) {
      call(ManagerGrpc.getUpdateSeedPeerMethod(), caller, own(seed().setIdc(mark(caller)).build(), caller));
    }
    SERVED.keep();
  }

  private static final List<String> DOCUMENTS =
      List.of(
          "{\"manager_keep_alive_interval\":5000000000}", "{\"manager_keep_alive_interval\":-1}", "{\"manager_keep_alive_interval\":1.5}",
          "{\"manager_keep_alive_interval\":\"5\"}", "{\"manager_keep_alive_interval\":1,\"manager_keep_alive_interval\":1}",
          "{\"unknown\":1}", "{} {}", "{", "null", "[]", "[[[[[[[[[[]]]]]]]]]]", "{\"a\":\"" + "a".repeat(16 << 10) + "\"}");

  private boolean changed;

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new ManagerRpcFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new ManagerRpcFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    GUARD.pass(Duration.ofSeconds(10));
    var streams = new HashMap<Caller, Dialogue>();
    boolean any = false;
    try {
      for (CallScript.Step step : CallScript.read(input, MAX_CALLS)) {
        MethodDescriptor<?, ?> method = METHODS.get(step.kind() % METHODS.size());
        var parsed = Ids.parse(method, step.bytes());
        if (parsed.isPresent()) {
          Caller caller = People.pick(step.flags() >> 3);
          Message message = step.has(OWN) ? own(parsed.get(), caller) : parsed.get();
          any |= judged(method, caller, step.has(CANARY) ? Canary.put(message) : message, streams, step);
        }
      }
      for (Dialogue stream : streams.values()) {
        stream.halfClose();
        stream.requireOver();
      }
      if (SERVED.held() != 0) {
        throw new AssertionError("a row is held by a stream that is over");
      }
    } finally {
      streams.values().forEach(Dialogue::breakOff);
      if (changed) {
        SERVED.putBack();
        changed = false;
      }
    }
    Accepted.note(any);
  }

  private boolean judged(
      MethodDescriptor<?, ?> method, Caller caller, Message message, Map<Caller, Dialogue> streams, CallScript.Step step) {
    String east = SERVED.rows(EAST);
    String west = SERVED.rows(WEST);
    boolean isStream = method.equals(ManagerGrpc.getKeepAliveMethod());
    Dialogue dialogue =
        isStream ? streams.compute(caller, (_, known) -> known == null || known.isOver() ? open(caller) : known) : null;
    boolean opened = dialogue != null && dialogue.heard().isEmpty();
    boolean through = dialogue == null ? call(method, caller, message) : dialogue.say(message);
    changed |= through && !method.getFullMethodName().contains("/Get") && !method.getFullMethodName().contains("/List");
    changed |= opened;
    requireUnchanged(caller, EAST, east, through || isStream);
    requireUnchanged(caller, WEST, west, through || isStream);
    if (dialogue != null && step.has(KEEPS_SIDE_OPEN)) {
      dialogue.breakOff();
    }
    return through;
  }

  private static Dialogue open(Caller caller) {
    return new Dialogue(GUARD.as(caller), ManagerGrpc.getKeepAliveMethod(), new Metadata());
  }

  /// Members change rows of their own cluster only, and only by a call that is not refused.
  private static void requireUnchanged(Caller caller, long cluster, String before, boolean mayChangeOwn) {
    boolean own = mayChangeOwn && clusterOf(caller) == cluster;
    if (!own && !SERVED.rows(cluster).equals(before)) {
      throw new AssertionError("rows of cluster " + cluster + " changed by " + caller.id());
    }
  }

  private static boolean call(MethodDescriptor<?, ?> method, Caller caller, Message message) {
    var dialogue = Dialogue.once(GUARD.as(caller), method, new Metadata(), message);
    if (method.equals(HealthGrpc.getWatchMethod())) {
      dialogue.breakOff(); // it lasts until the caller goes
    }
    dialogue.requireOver();
    for (Message answer : dialogue.heard()) {
      String text = new String(answer.toByteArray(), StandardCharsets.ISO_8859_1);
      MARKS.forEach(
          (cluster, mark) -> {
            if (clusterOf(caller) != cluster && text.contains(mark)) {
              throw new AssertionError(caller.id() + " was told of cluster " + cluster);
            }
          });
    }
    return dialogue.isOk();
  }

  private static long clusterOf(Caller caller) {
    return caller.cluster().map(name -> name.equals("east") ? EAST : WEST).orElse(0L);
  }

  private static String mark(Caller caller) {
    return MARKS.getOrDefault(clusterOf(caller), "");
  }

  /// As the caller would say it: its role, name, address and cluster.
  static Message own(Message message, Caller caller) {
    var source = message.getDescriptorForType().findFieldByName("source_type");
    if (source == null) {
      return message;
    }
    int kind = caller.role() == Role.SCHEDULER ? 0 : caller.role() == Role.PEER ? 1 : 2;
    Message own = Ids.with(message, "source_type", source.getEnumType().findValueByNumber(kind));
    own = Ids.with(own, "hostname", caller.role() == Role.SCHEDULER ? "sched-1" : caller.name());
    own = Ids.with(own, "ip", caller.remote().getAddress().getHostAddress());
    for (String field : List.of("scheduler_cluster_id", "seed_peer_cluster_id", "cluster_id")) {
      own = Ids.with(own, field, clusterOf(caller));
    }
    return own;
  }

  @Override
  public String name() {
    return "manager-rpc";
  }

  @Override
  public String oracle() {
    return "as scheduler-unary; a caller of one cluster neither sees nor changes a row of another; ended streams hold no row";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(
        dev.damselfly.manager.scheduler.SchedulerRpc.class,
        dev.damselfly.manager.seed.SeedRpc.class,
        dev.damselfly.manager.application.ApplicationRpc.class,
        dev.damselfly.manager.member.KeepAliveRpc.class);
  }

  @Override
  public Set<String> rpcs() {
    return METHODS.stream().map(MethodDescriptor::getFullMethodName).collect(Collectors.toUnmodifiableSet());
  }

  private static UpdateSchedulerRequest.Builder scheduler() {
    return UpdateSchedulerRequest.newBuilder().setPort(8002).setLocation("l").addFeatures("schedule");
  }

  private static UpdateSeedPeerRequest.Builder seed() {
    return UpdateSeedPeerRequest.newBuilder().setType("super").setPort(4001).setDownloadPort(4002);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int who : new int[] {3, 2, 0, 5, 6}) {
      var script = new CallScript();
      for (Message message : messages()) {
        int kind = METHODS.indexOf(methodOf(message));
        script.step(kind, who << 3 | OWN, message.toByteArray());
        seeds.add(new CallScript().step(kind, who << 3 | OWN | CANARY, message.toByteArray()).toBytes());
      }
      seeds.add(script.toBytes());
    }
    for (String document : DOCUMENTS) {
      Message update = scheduler().setConfig(ByteString.copyFromUtf8(document)).build();
      seeds.add(new CallScript().step(METHODS.indexOf(methodOf(update)), 3 << 3 | OWN, update.toByteArray()).toBytes());
    }
    for (String type : List.of("GetScheduler", "UpdateScheduler", "ListSchedulers", "ListApplications", "KeepAlive")) {
      int kind = METHODS.indexOf(ManagerGrpc.getServiceDescriptor().getMethods().stream()
          .filter(method -> type.equals(method.getBareMethodName())).findFirst().orElseThrow());
      seeds.addAll(RecordedFlows.requests("manager.v2." + type + "Request", kind, 3 << 3));
      seeds.addAll(RecordedFlows.requests("manager.v2." + type + "Request", kind, 3 << 3 | OWN));
    }
    return seeds;
  }

  private static List<Message> messages() {
    return List.of(
        scheduler().build(),
        seed().setIdc("i").build(),
        GetSchedulerRequest.getDefaultInstance(),
        ListSchedulersRequest.newBuilder().setVersion("1").setCommit("c").setIdc("i").build(),
        ListApplicationsRequest.getDefaultInstance(),
        GetSeedPeerRequest.getDefaultInstance(),
        ListSeedPeersRequest.newBuilder().setVersion("1").build(),
        KeepAliveRequest.getDefaultInstance(),
        DeleteSeedPeerRequest.getDefaultInstance());
  }

  private static MethodDescriptor<?, ?> methodOf(Message message) {
    return METHODS.stream()
        .filter(method -> Ids.parse(method, new byte[0]).orElseThrow().getClass() == message.getClass())
        .findFirst()
        .orElseThrow();
  }
}
