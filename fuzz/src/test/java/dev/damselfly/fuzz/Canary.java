package dev.damselfly.fuzz;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// A text that a caller puts into its fields and that must come back nowhere: not in an error, not in a log, not in
/// an audit record.
final class Canary {
  static final String TEXT = "cAnArY7f3a";

  /// Fields that say what a caller likes. Ids, names and addresses are not among them: those are for the audit log.
  private static final Set<String> FREE =
      Set.of(
          "tag", "application", "description", "message", "token", "revision", "access_key_id", "access_key_secret",
          "session_token", "security_token", "delegation_token", "etag", "last_modified", "git_version", "os", "platform",
          "content_for_calculating_task_id", "version", "commit", "idc", "location", "subject", "output_label", "kernel_version");

  private static final Logger LOGS = Logger.getLogger("dev.damselfly");
  private static final AtomicReference<String> LOGGED = new AtomicReference<>("");

  static {
    LOGS.setLevel(Level.FINE);
    LOGS.addHandler(new Listener());
  }

  private Canary() {}

  /// Puts the canary into every free text field that is set, at all depths.
  static Message put(Message message) {
    Message.Builder builder = message.toBuilder();
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      if (field.isMapField()) {
        continue;
      }
      if (field.isRepeated()) {
        for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
          if (message.getRepeatedField(field, i) instanceof Message nested) {
            builder.setRepeatedField(field, i, put(nested));
          }
        }
      } else if (entry.getValue() instanceof Message nested) {
        builder.setField(field, put(nested));
      } else if (entry.getValue() instanceof String text && FREE.contains(field.getName())) {
        builder.setField(field, text + TEXT);
      }
    }
    return builder.build();
  }

  /// @throws AssertionError when an answer or a log line since the last call has the canary
  static void requireSilent(Status status, Metadata trailers) {
    String description = String.valueOf(status.getDescription());
    boolean told = description.contains(TEXT);
    for (String key : trailers.keys()) {
      if (key.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        byte[] value = trailers.get(Metadata.Key.of(key, Metadata.BINARY_BYTE_MARSHALLER));
        told |= value != null && new String(value, StandardCharsets.ISO_8859_1).contains(TEXT);
      } else {
        told |= String.valueOf(trailers.get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER))).contains(TEXT);
      }
    }
    if (told) {
      throw new AssertionError("an error repeats what the caller sent: " + description);
    }
    requireSilentLogs();
  }

  static void requireSilentLogs() {
    String logged = LOGGED.getAndSet("");
    if (!logged.isEmpty()) {
      throw new AssertionError("a log line repeats what the caller sent: " + logged);
    }
  }

  /// For what was kept, such as an audit record.
  static void requireAbsent(String kept) {
    if (kept.contains(TEXT)) {
      throw new AssertionError("a record repeats what the caller sent: " + kept);
    }
  }

  private static final class Listener extends Handler {
    @Override
    public void publish(LogRecord record) {
      Throwable thrown = record.getThrown();
      String text = record.getMessage() + (thrown == null ? "" : " " + thrown);
      if (text.contains(TEXT)) {
        LOGGED.set(text);
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
