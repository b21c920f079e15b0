package dev.damselfly.authz.testing;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Who a request says that it speaks for, written into whatever fields a message has for it.
///
/// @param values by name of a field, or of type and field (`Host.id`), which comes first
public record Claims(Map<String, Object> values) {
  private static final int DEPTH = 3;
  private static final String UUID = "-00000000-0000-4000-8000-000000000001";

  public Claims {
    values = Map.copyOf(values);
  }

  /// What a host of that name may say about itself on a connection from 127.0.0.1.
  public static Claims ofHost(String name, boolean seed) {
    String mark = seed ? "-seed" : "";
    return new Claims(
        Map.of(
            "host_id", "127.0.0.1-" + name + mark,
            "Host.id", "127.0.0.1-" + name + mark,
            "peer_id", "127.0.0.1-" + name + UUID + mark,
            "hostname", name,
            "ip", "127.0.0.1",
            "Host.type", seed ? 1 : 0));
  }

  /// The same but for one field.
  public Claims with(String field, Object value) {
    var changed = new TreeMap<>(values);
    changed.put(field, value);
    return new Claims(changed);
  }

  /// Which of these names a message of that type has a field for.
  public Set<String> fieldsOf(Descriptor type) {
    return fieldsOf(type, DEPTH);
  }

  private Set<String> fieldsOf(Descriptor type, int depth) {
    var found = new TreeSet<String>();
    for (FieldDescriptor field : type.getFields()) {
      if (isClaim(field)) {
        found.add(field.getName());
      } else if (isPart(field) && depth > 0) {
        found.addAll(fieldsOf(field.getMessageType(), depth - 1));
      }
    }
    return found;
  }

  /// A message with every claim in its place. Of a choice the first that claims something is taken.
  public Message in(Message prototype) {
    return in(prototype.newBuilderForType(), DEPTH).build();
  }

  private Message.Builder in(Message.Builder message, int depth) {
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      var choice = field.getContainingOneof();
      if (choice != null && message.hasOneof(choice)) {
        continue;
      }
      if (isClaim(field)) {
        message.setField(field, valueOf(field));
      } else if (isPart(field) && depth > 0 && !fieldsOf(field.getMessageType(), depth - 1).isEmpty()) {
        message.setField(field, in(message.newBuilderForField(field), depth - 1).build());
      }
    }
    return message;
  }

  private Object valueOf(FieldDescriptor field) {
    Object value = values.getOrDefault(field.getName(), "");
    Object own = values.getOrDefault(qualified(field), value);
    return field.getJavaType() == JavaType.ENUM ? field.getEnumType().findValueByNumber((Integer) own) : own;
  }

  private boolean isClaim(FieldDescriptor field) {
    boolean named = values.containsKey(field.getName()) || values.containsKey(qualified(field));
    return named && !field.isRepeated() && field.getJavaType() != JavaType.MESSAGE;
  }

  private static String qualified(FieldDescriptor field) {
    return field.getContainingType().getName() + "." + field.getName();
  }

  private static boolean isPart(FieldDescriptor field) {
    return !field.isRepeated() && field.getJavaType() == JavaType.MESSAGE;
  }
}
