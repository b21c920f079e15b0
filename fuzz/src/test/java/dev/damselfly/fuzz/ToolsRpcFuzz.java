package dev.damselfly.fuzz;

import com.google.protobuf.Message;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.ObjectStorage;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonDownloadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.ListLocalTasksRequest;
import dev.damselfly.api.wire.dfdaemon.v2.ListLocalTasksResponse;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.StatTaskRequest;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.peer.tools.ServedTools;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Calls of local users on the socket of the tools: the daemon's own user, one that the configuration names, and a peer
/// that has no business there. A step's kind is the method, its flags choose the caller.
public final class ToolsRpcFuzz implements HandlerTarget {
  private static final int MAX_CALLS = 6;
  private static final int CANARY = 4;
  private static final Audit AUDIT = event -> Canary.requireAbsent(event.toString());
  private static final Sandbox SANDBOX = new Sandbox("tools-fuzz");
  private static final ServedTools SERVED = Sandbox.made(() -> new ServedTools(SANDBOX.own(), AUDIT));
  private static final InProcessGuard GUARD =
      new InProcessGuard(SERVED.services(), ServedTools.policy(), AUDIT, Limits.of(Part.PEER));
  private static final List<Caller> CALLERS =
      List.of(caller(Role.LOCAL_OPERATOR, "root"), caller(Role.LOCAL, "user"), People.ONE);
  private static final List<MethodDescriptor<?, ?>> METHODS =
      Stream.of(DfdaemonDownloadGrpc.getServiceDescriptor(), HealthGrpc.getServiceDescriptor())
          .<MethodDescriptor<?, ?>>flatMap(service -> service.getMethods().stream())
          .sorted((a, b) -> a.getFullMethodName().compareTo(b.getFullMethodName()))
          .toList();

  private static Caller caller(Role role, String name) {
    var id = SpiffeId.parse("spiffe://test.example/damselfly/local/" + name);
    return new Caller(id, role, Optional.empty(), name, Instant.MAX, InetSocketAddress.createUnresolved("local", 0));
  }

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new ToolsRpcFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new ToolsRpcFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    GUARD.pass(java.time.Duration.ofSeconds(10));
    boolean any = false;
    for (CallScript.Step step : CallScript.read(input, MAX_CALLS)) {
      MethodDescriptor<?, ?> method = METHODS.get(step.kind() % METHODS.size());
      Optional<Message> parsed = Ids.parse(method, step.bytes());
      if (parsed.isPresent()) {
        Caller caller = CALLERS.get((step.flags() >> 3) % CALLERS.size());
        any |= call(method, caller, step.has(CANARY) ? Canary.put(parsed.get()) : parsed.get());
      }
    }
    SANDBOX.requireUntouched();
    Accepted.note(any);
  }

  private static boolean call(MethodDescriptor<?, ?> method, Caller caller, Message message) {
    int held = SERVED.held();
    var dialogue = Dialogue.once(GUARD.as(caller), method, new Metadata(), message);
    boolean served = !dialogue.isRefused();
    dialogue.breakOff(); // a watch of the health service
    requireNothingLeft();
    if (message instanceof DownloadTaskRequest request && SERVED.dropOpened() > 0) {
      requireHarmless(caller, request.getDownload());
      served = true; // no origin is there: further than the store it does not get
    }
    if (served && caller.equals(People.ONE)) {
      throw new AssertionError("a caller that is no local user was served");
    }
    if (SERVED.held() != held) {
      if (caller.role() != Role.LOCAL_OPERATOR) {
        throw new AssertionError("content was deleted by " + caller.id());
      }
      SERVED.putBack();
    }
    dialogue.heard().forEach(answer -> requireOpenTo(caller, answer));
    return served;
  }

  private static void requireNothingLeft() {
    try {
      if (SERVED.left() != 0) {
        throw new AssertionError("a file was left at an output");
      }
    } catch (IOException e) {
      throw new AssertionError("the directory of outputs is gone", e);
    }
  }

  /// What went as far as the store holds the constraints, and has no power beyond a path of the daemon's own user.
  private static void requireHarmless(Caller caller, Download download) {
    Constraints.requireHold(download);
    boolean named = !download.getOutputPath().isEmpty();
    boolean placed = download.getOutputPath().startsWith(SERVED.outputs() + "/") && !download.getOutputPath().contains("..");
    boolean powers =
        (named && (caller.role() != Role.LOCAL_OPERATOR || !placed))
            || download.getForceHardLink()
            || download.getCertificateChainCount() > 0
            || download.hasObjectStorage();
    if (powers) {
      throw new AssertionError("a download with a path or without protection was taken");
    }
  }

  private static void requireOpenTo(Caller caller, Message answer) {
    boolean secret =
        switch (answer) {
          case StatLocalTaskResponse stat -> isRestricted(stat);
          case ListLocalTasksResponse list -> list.getTasksList().stream().anyMatch(ToolsRpcFuzz::isRestricted);
          default -> false;
        };
    if (secret && caller.role() != Role.LOCAL_OPERATOR) {
      throw new AssertionError("restricted content was told to " + caller.id());
    }
  }

  private static boolean isRestricted(StatLocalTaskResponse stat) {
    return stat.getTaskId().equals(ServedTools.RESTRICTED.value());
  }

  @Override
  public String name() {
    return "tools-rpc";
  }

  @Override
  public String oracle() {
    return "as scheduler-unary; local users only; paths for the daemon's own user and below its directories only; no file left";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(dev.damselfly.peer.tools.ToolsRpc.class);
  }

  @Override
  public Set<String> rpcs() {
    return METHODS.stream().map(MethodDescriptor::getFullMethodName).collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int who = 0; who < CALLERS.size(); who++) {
      var script = new CallScript();
      for (Message message : messages()) {
        int kind = METHODS.indexOf(methodOf(message));
        script.step(kind, who << 3, message.toByteArray());
        seeds.add(new CallScript().step(kind, who << 3 | CANARY, message.toByteArray()).toBytes());
        seeds.add(new CallScript().step(kind, who << 3, message.toByteArray()).toBytes());
      }
      seeds.add(script.toBytes());
    }
    for (int kind = 0; kind < METHODS.size(); kind++) {
      seeds.add(new CallScript().step(kind, 1 << 3, new byte[0]).toBytes());
    }
    for (String type : List.of("DownloadTask", "StatTask", "StatLocalTask", "ListLocalTasks", "ListTaskEntries", "DeleteTask")) {
      int kind =
          METHODS.indexOf(
              DfdaemonDownloadGrpc.getServiceDescriptor().getMethods().stream()
                  .filter(method -> type.equals(method.getBareMethodName()))
                  .findFirst()
                  .orElseThrow());
      seeds.addAll(RecordedFlows.requests("dfdaemon.v2." + type + "Request", kind, 0));
    }
    return seeds;
  }

  private static List<Message> messages() {
    String open = ServedTools.PUBLIC.value();
    String restricted = ServedTools.RESTRICTED.value();
    Download plain = Download.newBuilder().setUrl("http://origin.example/f").setTag("t").build();
    String inside = SERVED.outputs().resolve("f").toString();
    return List.of(
        StatLocalTaskRequest.newBuilder().setTaskId(open).build(),
        StatLocalTaskRequest.newBuilder().setTaskId(restricted).build(),
        StatTaskRequest.newBuilder().setTaskId(open).build(),
        ListLocalTasksRequest.getDefaultInstance(),
        DeleteTaskRequest.newBuilder().setTaskId(open).build(),
        DeleteLocalTaskRequest.newBuilder().setTaskId(restricted).build(),
        get(plain),
        get(plain.toBuilder().setNeedPieceContent(true).putRequestHeader("Range", "bytes=5-").build()),
        get(plain.toBuilder().setOutputPath(inside).setOverwrite(true).setDisableBackToSource(true).build()),
        get(plain.toBuilder().setDisableBackToSource(true).setNeedPieceContent(true).build()),
        get(plain.toBuilder().setOutputPath(SANDBOX.canary()).setOverwrite(true).setDisableBackToSource(true).build()),
        get(plain.toBuilder().setOutputPath(inside + "/../../f").setDisableBackToSource(true).build()),
        get(plain.toBuilder().setForceHardLink(true).setDisableBackToSource(true).build()),
        get(plain.toBuilder().setObjectStorage(ObjectStorage.newBuilder().setCredentialPath(SANDBOX.canary())).build()));
  }

  private static Message get(Download download) {
    return DownloadTaskRequest.newBuilder().setDownload(download).build();
  }

  private static MethodDescriptor<?, ?> methodOf(Message message) {
    return METHODS.stream()
        .filter(method -> Ids.parse(method, new byte[0]).orElseThrow().getClass() == message.getClass())
        .findFirst()
        .orElseThrow();
  }
}
