package dev.damselfly.conformance.suite;

import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.target.Role;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.ProtoUtils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;

/// Observations that cases of every role make.
public final class Probe {
  private static final int MAX_FILE = 16 << 20;

  private Probe() {}

  /// The status of a blocking call.
  public static Status.Code code(Runnable call) {
    try {
      call.run();
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  /// What a blocking call answered, as text; the status text of a refused one.
  public static String text(Supplier<?> call) {
    try {
      return String.valueOf(call.get());
    } catch (StatusRuntimeException e) {
      return e.getStatus().toString();
    }
  }

  /// What the health service says of the whole process.
  public static String health(Stage stage, Endpoint at, Role role, String actor) {
    Channel channel = stage.wire().channel(actor, at, stage.target().actors().credentials(role, actor));
    try {
      return HealthGrpc.newBlockingStub(channel)
          .withDeadlineAfter(stage.patience())
          .check(HealthCheckRequest.getDefaultInstance())
          .getStatus()
          .name();
    } catch (StatusRuntimeException e) {
      return "error " + e.getStatus().getCode();
    }
  }

  /// How a reflection stream ends; OK when it is answered.
  public static Status.Code reflection(Stage stage, Endpoint at, Role role, String actor) throws InterruptedException {
    Channel channel = stage.wire().channel(actor, at, stage.target().actors().credentials(role, actor));
    var method =
        MethodDescriptor.<HealthCheckRequest, HealthCheckResponse>newBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName("grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
            .setRequestMarshaller(ProtoUtils.marshaller(HealthCheckRequest.getDefaultInstance()))
            .setResponseMarshaller(ProtoUtils.marshaller(HealthCheckResponse.getDefaultInstance()))
            .build();
    var ends = new LinkedBlockingQueue<Status.Code>();
    var call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(HealthCheckResponse message) {
            ends.add(Status.Code.OK);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            ends.add(status.getCode());
          }
        },
        new Metadata());
    call.request(1);
    call.sendMessage(HealthCheckRequest.newBuilder().setService("*").build()); // host = "*": bytes any server reads
    call.halfClose();
    return stage.await("the end of a reflection stream", ends);
  }

  /// Task ids that every receiver must refuse.
  public static List<String> hostileTaskIds(String good) {
    return List.of(
        good.substring(1),
        good + "0",
        good.toUpperCase(java.util.Locale.ROOT).replaceFirst("[0-9]", "A"),
        "/etc/passwd",
        "../" + good.substring(3),
        good.substring(0, 63) + "\0",
        good.substring(0, 62) + "é");
  }

  /// Names of files below a directory that hold the text.
  public static List<String> filesWith(Path directory, String text) throws IOException {
    var found = new ArrayList<String>();
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        if (Files.size(path) < MAX_FILE
            && new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1).contains(text)) {
          found.add(String.valueOf(path.getFileName()));
        }
      }
    }
    return found;
  }
}
