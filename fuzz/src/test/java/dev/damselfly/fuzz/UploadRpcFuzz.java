package dev.damselfly.fuzz;

import com.google.protobuf.Message;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.ObjectStorage;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskStartedResponse;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncHostRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.peer.testing.ServedUploads;
import dev.damselfly.peer.upload.DownloadTaskStream;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.health.v1.HealthGrpc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Calls that other machines make on a peer, with grants of a scheduler, with forged ones, and without.
///
/// A kind of 128 and more says that the bytes begin with a grant of the input's own making, one byte of length before it.
public final class UploadRpcFuzz implements HandlerTarget {
  private static final int MAX_CALLS = 6;
  private static final int FORGED = 128;
  private static final int OWN = 1;
  private static final int GRANT = 2;
  private static final int CANARY = 4;
  private static final Metadata.Key<byte[]> HEADER =
      Metadata.Key.of("damselfly-grant-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Audit AUDIT = event -> Canary.requireAbsent(event.toString());
  private static final Sandbox SANDBOX = new Sandbox("upload-fuzz");
  private static final ServedUploads SERVED =
      Sandbox.made(() -> new ServedUploads(SANDBOX.own(), UploadRpcFuzz::download, AUDIT));
  private static final InProcessGuard GUARD =
      new InProcessGuard(SERVED.services(), ServedUploads.policy(), AUDIT, Limits.of(Part.PEER));
  private static final Map<String, byte[]> GRANTS = new HashMap<>();
  private static final List<MethodDescriptor<?, ?>> METHODS =
      Stream.of(DfdaemonUploadGrpc.getServiceDescriptor(), HealthGrpc.getServiceDescriptor())
          .<MethodDescriptor<?, ?>>flatMap(service -> service.getMethods().stream())
          .sorted((a, b) -> a.getFullMethodName().compareTo(b.getFullMethodName()))
          .toList();

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new UploadRpcFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new UploadRpcFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    GUARD.pass(java.time.Duration.ofSeconds(10));
    boolean any = false;
    for (CallScript.Step step : CallScript.read(input, MAX_CALLS)) {
      MethodDescriptor<?, ?> method = METHODS.get(step.kind() % FORGED % METHODS.size());
      boolean forged = step.kind() >= FORGED && step.bytes().length > 0;
      int skip = forged ? Math.min(step.bytes().length, 1 + (step.bytes()[0] & 0xff)) : 0;
      byte[] grant = Arrays.copyOfRange(step.bytes(), Math.min(1, skip), skip);
      Optional<Message> parsed = Ids.parse(method, Arrays.copyOfRange(step.bytes(), skip, step.bytes().length));
      if (parsed.isPresent()) {
        Caller caller = People.pick(step.flags() >> 3);
        Message message = step.has(OWN) ? Ids.own(parsed.get(), caller) : parsed.get();
        any |= call(method, caller, step.has(CANARY) ? Canary.put(message) : message, forged ? Optional.of(grant) : real(step, message, caller));
      }
    }
    if (SERVED.waiting() != 0) {
      throw new AssertionError("a timer outlives its stream");
    }
    SANDBOX.requireUntouched();
    Accepted.note(any);
  }

  /// A grant of the scheduler for the task that the message names, if the step asks for one.
  private static Optional<byte[]> real(CallScript.Step step, Message message, Caller caller) {
    String task = Ids.text(message, "task_id");
    if (!step.has(GRANT) || !task.matches("[0-9a-f]{64}")) {
      return Optional.empty();
    }
    return Optional.of(
        GRANTS.computeIfAbsent(
            (known(task) ? task : "other") + caller.id(), _ -> SERVED.grant(new TaskId(task), caller).toByteArray()));
  }

  private static boolean known(String task) {
    return Stream.of(ServedUploads.COMPLETE, ServedUploads.PARTIAL, ServedUploads.RESTRICTED).anyMatch(id -> id.value().equals(task));
  }

  private static boolean call(MethodDescriptor<?, ?> method, Caller caller, Message message, Optional<byte[]> grant) {
    var headers = new Metadata();
    grant.ifPresent(bytes -> headers.put(HEADER, bytes));
    int held = SERVED.held();
    var dialogue = Dialogue.once(GUARD.as(caller), method, headers, message);
    if (method.getType() == MethodType.UNARY) {
      dialogue.requireOver();
    }
    dialogue.breakOff();
    if (dialogue.isRefused()) {
      if (SERVED.held() != held) {
        throw new AssertionError(method.getFullMethodName() + " was refused and changed the store");
      }
      return false;
    }
    Ids.requireOwn(message, caller);
    boolean needsGrant = method.equals(DfdaemonUploadGrpc.getSyncPiecesMethod());
    if (needsGrant && grant.filter(UploadRpcFuzz::isReal).isEmpty()) {
      throw new AssertionError("pieces were told to a caller without a grant of the scheduler");
    }
    if (SERVED.held() != held) {
      SERVED.putBack();
    }
    return true;
  }

  private static boolean isReal(byte[] grant) {
    return GRANTS.values().stream().anyMatch(real -> Arrays.equals(real, grant));
  }

  /// In place of the download: what arrives here may name no path, and ends as its URL says.
  private static void download(Download download, DownloadTaskStream out) {
    boolean powers =
        download.hasOutputPath()
            || download.getOverwrite()
            || download.getForceHardLink()
            || download.getCertificateChainCount() > 0
            || (download.hasObjectStorage()
                && (download.getObjectStorage().hasCredentialPath() || download.getObjectStorage().getInsecureSkipVerify()));
    if (powers) {
      throw new AssertionError("a remote download names a path or switches protection off");
    }
    out.progress(
        DownloadTaskResponse.newBuilder().setDownloadTaskStartedResponse(DownloadTaskStartedResponse.getDefaultInstance()).build());
    switch (download.getUrl().length() % 4) {
      case 0 -> out.done();
      case 1 -> out.failed(new Refused(Reason.NO_SOURCE, "daemon: no source"));
      case 2 -> throw new Refused(Reason.EGRESS_DENIED, "egress: not named");
      default -> out.onGone(out::done);
    }
  }

  @Override
  public String name() {
    return "peer-upload-rpc";
  }

  @Override
  public String oracle() {
    return "as scheduler-unary; pieces only against a grant of the scheduler; no path honoured; ended streams leave no timer";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(dev.damselfly.peer.upload.UploadRpc.class, dev.damselfly.peer.upload.GrantVerifier.class);
  }

  @Override
  public Set<String> rpcs() {
    return METHODS.stream().map(MethodDescriptor::getFullMethodName).collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int who = 0; who < 5; who++) {
      var script = new CallScript();
      for (Message message : messages()) {
        int kind = METHODS.indexOf(methodOf(message));
        script.step(kind, who << 3 | OWN | GRANT, message.toByteArray());
        seeds.add(new CallScript().step(kind, who << 3 | OWN | GRANT | CANARY, message.toByteArray()).toBytes());
      }
      seeds.add(script.toBytes());
    }
    for (int kind = 0; kind < METHODS.size(); kind++) {
      seeds.add(new CallScript().step(kind, 3 << 3, new byte[0]).toBytes());
    }
    byte[] grant = SERVED.grant(ServedUploads.COMPLETE, People.WEST).toByteArray();
    byte[] asked = SyncPiecesRequest.newBuilder().setTaskId(ServedUploads.COMPLETE.value()).addInterestedPieceNumbers(0).build().toByteArray();
    var stolen = new java.io.ByteArrayOutputStream();
    stolen.write(grant.length);
    stolen.writeBytes(Arrays.copyOf(grant, Math.min(grant.length, 255)));
    stolen.writeBytes(asked);
    seeds.add(new CallScript().step(FORGED + METHODS.indexOf(DfdaemonUploadGrpc.getSyncPiecesMethod()), OWN, stolen.toByteArray()).toBytes());
    for (String type : List.of("DownloadTask", "SyncPieces", "SyncHost")) {
      int kind = METHODS.indexOf(DfdaemonUploadGrpc.getServiceDescriptor().getMethods().stream()
          .filter(method -> type.equals(method.getBareMethodName())).findFirst().orElseThrow());
      seeds.addAll(RecordedFlows.requests("dfdaemon.v2." + type + "Request", kind, 3 << 3 | OWN));
      seeds.addAll(RecordedFlows.requests("dfdaemon.v2." + type + "Request", kind, OWN | GRANT));
    }
    return seeds;
  }

  private static List<Message> messages() {
    String complete = ServedUploads.COMPLETE.value();
    return List.of(
        SyncPiecesRequest.newBuilder().setHostId("h").setTaskId(complete).addInterestedPieceNumbers(0).build(),
        SyncPiecesRequest.newBuilder().setHostId("h").setTaskId(ServedUploads.PARTIAL.value()).addInterestedPieceNumbers(0).addInterestedPieceNumbers(1).build(),
        SyncPiecesRequest.newBuilder().setHostId("h").setTaskId(ServedUploads.RESTRICTED.value()).addInterestedPieceNumbers(0).build(),
        SyncHostRequest.newBuilder().setHostId("h").setPeerId("p").build(),
        StatLocalTaskRequest.newBuilder().setTaskId(complete).build(),
        DeleteTaskRequest.newBuilder().setTaskId(complete).build(),
        DownloadTaskRequest.newBuilder().setDownload(Download.newBuilder().setUrl("http://example.org/file1").setTag("t")).build(),
        DownloadTaskRequest.newBuilder()
            .setDownload(
                Download.newBuilder()
                    .setUrl("http://example.org/file12")
                    .setOutputPath(SANDBOX.canary())
                    .setObjectStorage(ObjectStorage.newBuilder().setCredentialPath(SANDBOX.canary())))
            .build());
  }

  private static MethodDescriptor<?, ?> methodOf(Message message) {
    return METHODS.stream()
        .filter(method -> Ids.parse(method, new byte[0]).orElseThrow().getClass() == message.getClass())
        .findFirst()
        .orElseThrow();
  }
}
