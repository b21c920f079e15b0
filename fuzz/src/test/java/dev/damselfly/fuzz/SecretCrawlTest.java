package dev.damselfly.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.manager.boot.ServedManager;
import dev.damselfly.peer.control.LocalDesk;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every call of the manager and every request of the local socket, by everybody, with marked secrets and hostile texts in
/// every field: they come back in no error, no log line and no audit record, and headers not even in an answer.
class SecretCrawlTest {
  private static final String IN_HEADER = "hEaDeR91c4";
  private static final List<String> TEXTS =
      List.of(
          Canary.TEXT, "Bearer " + Canary.TEXT, "../../" + Canary.TEXT, Canary.TEXT + "\r\nX-More: 1", "${" + Canary.TEXT + "}",
          "'; drop table scheduler; --" + Canary.TEXT, "https://user:" + Canary.TEXT + "@[::ffff:127.0.0.1]/", Canary.TEXT.repeat(500));
  private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final int DEPTH = 4;

  private final List<String> audited = new CopyOnWriteArrayList<>();
  private final List<String> logged = new CopyOnWriteArrayList<>();
  private final Logger root = Logger.getLogger("");
  private final Logger ours = Logger.getLogger("dev.damselfly");
  private final Handler watch = new Watch(logged);
  private final Level before = Level.INFO;

  @BeforeEach
  void listen() {
    ours.setLevel(Level.ALL);
    watch.setLevel(Level.ALL);
    root.addHandler(watch);
  }

  @AfterEach
  void leave() {
    root.removeHandler(watch);
    ours.setLevel(before);
  }

  private void requireSilence(String what) {
    for (List<String> kept : List.of(audited, logged)) {
      // A host name that was taken is what the record is about.
      assertThat(kept.stream().map(line -> line.replace("object=host:" + Canary.TEXT + ",", "")).filter(line -> line.contains(Canary.TEXT) || line.contains(IN_HEADER))).as("kept after " + what).isEmpty();
    }
  }

  @Test
  @Threat({"F-07", "CVE-2026-49254", "S-MGR-11"})
  void everyCallOfTheManager_keepsSecretsAndTextsOutOfErrorsLogsAndRecords() {
    var refused = new TreeMap<String, Integer>();
    try (var served = new ServedManager(event -> audited.add(event.toString()));
        var guard = new InProcessGuard(served.services(), ServedManager.policy(), event -> audited.add(event.toString()), Limits.of(Part.MANAGER))) {
      served.keep();
      List<MethodDescriptor<?, ?>> methods =
          served.services().stream().flatMap(service -> service.getMethods().stream()).<MethodDescriptor<?, ?>>map(ServerMethodDefinition::getMethodDescriptor).toList();
      for (MethodDescriptor<?, ?> method : methods) {
        for (Caller caller : People.ALL) {
          for (Message message : messages(method, caller)) {
            guard.pass(Duration.ofSeconds(10));
            boolean ok = call(guard, method, caller, message);
            refused.merge(method.getFullMethodName(), ok ? 0 : 1, Integer::sum);
          }
        }
        requireSilence(method.getFullMethodName());
      }
      served.putBack();
    }

    assertThat(refused.keySet()).isEqualTo(new TreeSet<>(ServedManager.policy().rows().stream().map(Policy.Row::method).toList()));
    assertThat(refused.values()).allSatisfy(count -> assertThat(count).isGreaterThanOrEqualTo(0));
    assertThat(audited).hasSizeGreaterThan(100);
  }

  private static boolean call(InProcessGuard guard, MethodDescriptor<?, ?> method, Caller caller, Message message) {
    var headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + IN_HEADER);
    var dialogue = Dialogue.once(guard.as(caller), method, headers, message); // judges errors by itself
    if (method.equals(HealthGrpc.getWatchMethod())) {
      dialogue.breakOff();
    }
    assertThat(dialogue.heard().toString()).doesNotContain(IN_HEADER);
    return dialogue.isOk();
  }

  /// Each text in all fields, in each field by itself, and what the caller may truthfully say beside it.
  private static List<Message> messages(MethodDescriptor<?, ?> method, Caller caller) {
    Message empty = Ids.parse(method, new byte[0]).orElseThrow();
    if (method.getFullMethodName().startsWith(HealthGrpc.SERVICE_NAME)) {
      return List.of(empty); // that service is not ours: it tells a caller which name it does not know
    }
    var all = new ArrayList<Message>();
    for (String text : TEXTS) {
      all.add(filled(empty, text));
      all.add(ManagerRpcFuzz.own(filled(empty, text), caller));
      for (FieldDescriptor field : empty.getDescriptorForType().getFields()) {
        if (field.getJavaType() == FieldDescriptor.JavaType.STRING && !field.isRepeated()) {
          all.add(ManagerRpcFuzz.own(empty, caller).toBuilder().setField(field, text).build());
        }
      }
    }
    return all;
  }

  private static Message filled(Message empty, String text) {
    try {
      return empty.getParserForType().parseFrom(filled(empty.getDescriptorForType(), text, 0).toByteArray());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("made from the description of this very message", e);
    }
  }

  /// All fields set, the last of each choice.
  private static DynamicMessage filled(Descriptor type, String text, int depth) {
    var builder = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && depth >= DEPTH) {
        continue;
      }
      Object value = value(field, text, depth);
      if (field.isRepeated()) {
        builder.addRepeatedField(field, value);
      } else {
        builder.setField(field, value);
      }
    }
    return builder.build();
  }

  private static Object value(FieldDescriptor field, String text, int depth) {
    return switch (field.getJavaType()) {
      case STRING -> text;
      case BYTE_STRING -> ByteString.copyFromUtf8(text);
      case MESSAGE -> filled(field.getMessageType(), text, depth + 1);
      case ENUM -> field.getEnumType().getValues().getLast();
      case BOOLEAN -> true;
      case INT -> 1;
      case LONG -> 1L;
      case FLOAT -> 1f;
      case DOUBLE -> 1d;
    };
  }

  @Test
  @Threat({"F-07", "S-DLG-6", "S-DLG-1"})
  void everyRequestOfTheLocalSocket_keepsSecretsAndTextsOutOfRepliesLogsAndRecords(@TempDir Path directory) throws IOException {
    var asked = new TreeSet<String>();
    try (var desk = new LocalDesk(directory, event -> audited.add(event.toString()))) {
      for (String user : List.of(LocalDesk.OPERATOR, LocalDesk.NAMED, LocalDesk.STRANGER)) {
        for (LocalRequest request : requests()) {
          String replies = new String(desk.ask(user, frame(request)), StandardCharsets.ISO_8859_1);
          assertThat(replies).as(user + " " + request.getRequestCase()).isNotEmpty().doesNotContain(Canary.TEXT, IN_HEADER);
          asked.add(request.getRequestCase().name());
          requireSilence(user + " " + request.getRequestCase());
        }
      }
      desk.dropOpened();
    }

    var known = Arrays.stream(LocalRequest.RequestCase.values()).filter(one -> one != LocalRequest.RequestCase.REQUEST_NOT_SET).map(Enum::name).toList();
    assertThat(asked).containsExactlyInAnyOrderElementsOf(known);
  }

  /// Each kind of request with each text in all of its fields, and downloads that are good but for their secrets.
  private static List<LocalRequest> requests() {
    var all = new ArrayList<LocalRequest>();
    for (FieldDescriptor field : LocalRequest.getDescriptor().getOneofs().getFirst().getFields()) {
      for (String text : TEXTS) {
        Message inner = filled(LocalRequest.getDefaultInstance().toBuilder().getFieldBuilder(field).build(), text);
        all.add(LocalRequest.newBuilder().setVersion(1).setField(field, inner).build());
      }
    }
    for (Map.Entry<String, String> header : Map.of("Authorization", "Bearer " + IN_HEADER, "Cookie", "s=" + IN_HEADER, "X-Token", IN_HEADER).entrySet()) {
      var download = Download.newBuilder().setUrl("http://origin.example/f?X-Amz-Signature=" + Canary.TEXT).putRequestHeader(header.getKey(), header.getValue());
      all.add(LocalRequest.newBuilder().setVersion(1).setGet(GetRequest.newBuilder().setDownload(download).setTimeoutSeconds(60)).build());
    }
    return all;
  }

  private static byte[] frame(LocalRequest request) {
    byte[] body = request.toByteArray();
    return ByteBuffer.allocate(4 + body.length).putInt(body.length).put(body).array();
  }

  /// Everything that a log could show of a record.
  private static final class Watch extends Handler {
    private final List<String> lines;

    Watch(List<String> lines) {
      this.lines = lines;
    }

    @Override
    public void publish(LogRecord record) {
      lines.add(record.getMessage() + Arrays.toString(record.getParameters()) + record.getThrown());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
