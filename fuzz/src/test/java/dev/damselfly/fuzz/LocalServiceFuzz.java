package dev.damselfly.fuzz;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.ObjectStorage;
import dev.damselfly.api.wire.local.v1.ExplainRequest;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LimitsRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import dev.damselfly.api.wire.local.v1.StopRequest;
import dev.damselfly.peer.control.LocalDesk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Connections of local users: the daemon's own, one that the configuration names, and a stranger.
///
/// A step is one connection; its kind chooses the user. Bytes are sent as they are, or framed as one request.
public final class LocalServiceFuzz implements Target {
  private static final int MAX_CONNECTIONS = 4;
  private static final int FRAMED = 1;
  private static final int CANARY = 2;
  private static final int MAX_FRAME = 64 << 10;
  private static final List<String> USERS = List.of(LocalDesk.OPERATOR, LocalDesk.NAMED, LocalDesk.STRANGER);
  private static final Sandbox SANDBOX = new Sandbox("local-fuzz");
  private static final LocalDesk DESK =
      Sandbox.made(() -> new LocalDesk(SANDBOX.own(), event -> Canary.requireAbsent(event.toString())));
  private static final String TASK = DESK.hold("held").value();

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new LocalServiceFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new LocalServiceFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    boolean any = false;
    for (CallScript.Step step : CallScript.read(input, MAX_CONNECTIONS)) {
      any |= connection(USERS.get(step.kind() % USERS.size()), step);
    }
    SANDBOX.requireUntouched();
    Accepted.note(any);
  }

  private static boolean connection(String user, CallScript.Step step) {
    Optional<LocalRequest> asked = step.has(FRAMED) ? request(step) : Optional.empty();
    byte[] bytes = asked.map(LocalServiceFuzz::frame).orElse(step.bytes());
    int stops = DESK.stops();
    List<LocalReply> replies = ask(user, bytes);
    Canary.requireSilentLogs();
    int opened = DESK.dropOpened();
    boolean served = !replies.isEmpty();
    for (LocalReply reply : replies) {
      served &= !reply.hasFailure();
      judge(user, reply);
    }
    if (user.equals(LocalDesk.STRANGER) && (served || opened > 0)) {
      throw new AssertionError("a stranger was served");
    }
    if (DESK.stops() != stops && !user.equals(LocalDesk.OPERATOR)) {
      throw new AssertionError("the daemon was stopped by " + user);
    }
    if (opened > 0) {
      asked.map(LocalRequest::getGet).map(GetRequest::getDownload).ifPresent(LocalServiceFuzz::requireHarmless);
    }
    return served || opened > 0;
  }

  private static void judge(String user, LocalReply reply) {
    if (reply.hasFailure()) {
      Reason reason = Reason.valueOf(reply.getFailure().getReason());
      if (reason == Reason.INTERNAL || reply.getFailure().getMessage().contains(Canary.TEXT)) {
        throw new AssertionError("a failure that no user may see: " + reply.getFailure());
      }
      if (user.equals(LocalDesk.STRANGER) && reason != Reason.CALLER_NOT_ALLOWED) {
        throw new AssertionError("a stranger learns more than that it is one");
      }
    }
    if (reply.hasContent() || reply.hasFinished()) {
      throw new AssertionError("content although no origin gave any");
    }
  }

  /// What went as far as the store holds the constraints, and has no power over files or protection.
  private static void requireHarmless(Download download) {
    Constraints.requireHold(download);
    boolean powers =
        download.hasOutputPath()
            || download.getOverwrite()
            || download.getForceHardLink()
            || download.getCertificateChainCount() > 0
            || download.hasObjectStorage()
            || download.hasRemoteIp();
    if (powers) {
      throw new AssertionError("a download with a path or without protection was taken");
    }
  }

  private static Optional<LocalRequest> request(CallScript.Step step) {
    try {
      LocalRequest parsed = LocalRequest.parseFrom(step.bytes()).toBuilder().setVersion(1).build();
      return Optional.of(step.has(CANARY) ? (LocalRequest) Canary.put(parsed) : parsed);
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  private static byte[] frame(LocalRequest request) {
    byte[] body = request.toByteArray();
    return ByteBuffer.allocate(4 + body.length).putInt(body.length).put(body).array();
  }

  /// Takes the answer apart by hand: whole frames, nothing behind them.
  private static List<LocalReply> ask(String user, byte[] bytes) {
    var replies = new ArrayList<LocalReply>();
    try {
      ByteBuffer told = ByteBuffer.wrap(DESK.ask(user, bytes));
      while (told.hasRemaining()) {
        int size = told.getInt();
        if (size < 0 || size > MAX_FRAME || size > told.remaining()) {
          throw new AssertionError("no frame: " + size + " of " + told.remaining());
        }
        byte[] body = new byte[size];
        told.get(body);
        replies.add(LocalReply.parseFrom(body));
      }
      return replies;
    } catch (IOException e) {
      throw new AssertionError("memory does not fail", e);
    }
  }

  @Override
  public String name() {
    return "local-service";
  }

  @Override
  public String oracle() {
    return "whole frames only; strangers learn nothing; only the operator stops; no path honoured; never INTERNAL";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(
        dev.damselfly.peer.control.LocalServer.class,
        dev.damselfly.peer.download.Downloads.class,
        dev.damselfly.peer.download.Explain.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int user = 0; user < USERS.size(); user++) {
      for (LocalRequest request : requests()) {
        seeds.add(new CallScript().step(user, FRAMED | CANARY, request.toByteArray()).toBytes());
        seeds.add(new CallScript().step(user, 0, frame(request)).toBytes());
      }
    }
    for (byte[] message : RecordedFlows.messages("local:dfdaemon.v2.DownloadTaskRequest")) {
      try {
        Download download = dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest.parseFrom(message).getDownload();
        seeds.add(new CallScript().step(1, FRAMED, get(download).toByteArray()).toBytes());
        seeds.add(new CallScript().step(1, FRAMED, get(download.toBuilder().clearOutputPath().clearRemoteIp().build()).toByteArray()).toBytes());
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException("a recorded message", e);
      }
    }
    seeds.add(new CallScript().step(1, 0, new byte[] {0, 0, 0, 9, 1}).step(1, 0, new byte[] {-1, -1, -1, -1}).toBytes());
    return seeds;
  }

  private static LocalRequest get(Download download) {
    return request().setGet(GetRequest.newBuilder().setDownload(download).setOutputLabel("/home/u/f").setTimeoutSeconds(60)).build();
  }

  private static LocalRequest.Builder request() {
    return LocalRequest.newBuilder().setVersion(1);
  }

  private static List<LocalRequest> requests() {
    Download plain = Download.newBuilder().setUrl("http://origin.example/f").setTag("t").setApplication("a").build();
    return List.of(
        request().setStatus(StatusRequest.getDefaultInstance()).build(),
        request().setLimits(LimitsRequest.getDefaultInstance()).build(),
        request().setStop(StopRequest.getDefaultInstance()).build(),
        request().setExplain(ExplainRequest.newBuilder().setSubject(TASK)).build(),
        request().setExplain(ExplainRequest.newBuilder().setSubject("/home/u/f")).build(),
        get(plain),
        get(plain.toBuilder().setDisableBackToSource(true).build()),
        get(plain.toBuilder().putRequestHeader("Authorization", "Bearer x").build()),
        get(plain.toBuilder().setOutputPath(SANDBOX.canary()).build()),
        get(plain.toBuilder().setObjectStorage(ObjectStorage.newBuilder().setCredentialPath(SANDBOX.canary())).build()));
  }
}
