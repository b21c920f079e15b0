package dev.damselfly.authz.policy;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/// Refuses messages that name a local path, a credential file or switch a protection off (S-UPG-1, S-ORG-6, S-ORG-7).
///
/// Only set fields count; the whole tree of the message is searched, so that a new place for an old power is found too.
final class ForbiddenFields {
  /// Names that give power over the receiver's machine or its trust, wherever they appear.
  static final Set<String> NAMES =
      Set.of(
          "output_path",
          "overwrite",
          "force_hard_link",
          "certificate_chain",
          "credential_path",
          "insecure_skip_verify",
          "path");

  private static final int MAX_DEPTH = 32;

  private ForbiddenFields() {}

  static void check(Message message) {
    walk(message, "", 0);
  }

  private static void walk(Message message, String at, int depth) {
    if (depth > MAX_DEPTH) {
      throw new Malformed("message", "nests at most " + MAX_DEPTH + " deep");
    }
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      String path = at + field.getName();
      if (NAMES.contains(field.getName())) {
        throw new Refused(
            Reason.FORBIDDEN_FIELD, path + " (field " + field.getNumber() + "): only a local caller may set this");
      }
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !field.isMapField()) {
        each(entry.getValue(), path + ".", depth);
      }
    }
  }

  private static void each(Object value, String at, int depth) {
    if (value instanceof Collection<?> many) {
      many.forEach(one -> each(one, at, depth));
    } else if (value instanceof Message one) {
      walk(one, at, depth + 1);
    }
  }
}
