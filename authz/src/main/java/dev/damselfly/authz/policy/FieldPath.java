package dev.damselfly.authz.policy;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A field of a message by its dotted name, for example `register.host_id`.
record FieldPath(String text, List<String> parts) {
  static FieldPath of(String text) {
    return new FieldPath(text, List.of(text.split("\\.", -1)));
  }

  /// The value, its default included; absent when a message on the way is not set.
  ///
  /// @throws IllegalStateException when the message type has no such field: the policy row is wrong
  Optional<Object> in(Message message) {
    Message at = message;
    for (int i = 0; i < parts.size() - 1; i++) {
      FieldDescriptor field = field(at, parts.get(i));
      if (!at.hasField(field)) {
        return Optional.empty();
      }
      at = (Message) at.getField(field);
    }
    FieldDescriptor last = field(at, parts.getLast());
    if (last.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !at.hasField(last)) {
      return Optional.empty();
    }
    return Optional.of(at.getField(last));
  }

  private FieldDescriptor field(Message message, String name) {
    @Nullable FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
    if (field == null) {
      throw new IllegalStateException(
          "policy binds " + text + ", which " + message.getDescriptorForType().getFullName() + " does not have");
    }
    return field;
  }
}
