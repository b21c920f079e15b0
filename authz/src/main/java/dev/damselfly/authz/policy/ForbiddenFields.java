package dev.damselfly.authz.policy;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;

/// Refuses messages that name a local path, a credential file or switch a protection off (S-UPG-1, S-ORG-6, S-ORG-7).
///
/// Only set fields count; the whole tree of the message is searched, so that a new place for an old power is found too.
/// Where in a type such a name can stand is worked out once per type.
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

  /// Fields of each message type that have a forbidden name, or such a field somewhere below.
  private static final ConcurrentMap<Descriptor, Set<FieldDescriptor>> SUSPECT = new ConcurrentHashMap<>();

  private static final int MAX_DEPTH = 32;

  private ForbiddenFields() {}

  static void check(Message message) {
    walk(message, "", 0);
  }

  private static void walk(Message message, String at, int depth) {
    Set<FieldDescriptor> suspects = suspects(message.getDescriptorForType());
    if (suspects.isEmpty()) {
      return;
    }
    if (depth > MAX_DEPTH) {
      throw new Malformed("message", "nests at most " + MAX_DEPTH + " deep");
    }
    for (FieldDescriptor field : suspects) {
      if (isSet(message, field)) {
        judge(field, message.getField(field), at + field.getName(), depth);
      }
    }
  }

  private static boolean isSet(Message message, FieldDescriptor field) {
    return field.isRepeated() ? message.getRepeatedFieldCount(field) > 0 : message.hasField(field);
  }

  private static void judge(FieldDescriptor field, Object value, String path, int depth) {
    if (NAMES.contains(field.getName())) {
      throw new Refused(
          Reason.FORBIDDEN_FIELD, path + " (field " + field.getNumber() + "): only a local caller may set this");
    }
    each(value, path + ".", depth);
  }

  private static void each(Object value, String at, int depth) {
    if (value instanceof Collection<?> many) {
      many.forEach(one -> each(one, at, depth));
    } else if (value instanceof Message one) {
      walk(one, at, depth + 1);
    }
  }

  private static Set<FieldDescriptor> suspects(Descriptor type) {
    return SUSPECT.computeIfAbsent(type, ForbiddenFields::findSuspects);
  }

  private static Set<FieldDescriptor> findSuspects(Descriptor type) {
    return type.getFields().stream()
        .filter(field -> NAMES.contains(field.getName()) || leadsToName(field, new HashSet<>()))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private static boolean leadsToName(FieldDescriptor field, Set<Descriptor> seen) {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
        && !field.isMapField()
        && seen.add(field.getMessageType())
        && field.getMessageType().getFields().stream()
            .anyMatch(below -> NAMES.contains(below.getName()) || leadsToName(below, seen));
  }
}
