package dev.damselfly.api.rule;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.wire.damselfly.v1.Rule;
import java.util.List;
import java.util.Optional;

/// Everything that holds for one field.
///
/// @param rule of the schema
/// @param bounds of Damselfly, for each present, non-default value
/// @param maxItems for repeated fields and maps
record FieldRules(FieldDescriptor field, Optional<SchemaRule> rule, List<Check> bounds, int maxItems) {
  static FieldRules compile(FieldDescriptor field) {
    String text = field.getOptions().getExtension(Rule.rule);
    Optional<SchemaRule> rule = text.isEmpty() ? Optional.empty() : Optional.of(SchemaRule.compile(field, text));
    return new FieldRules(field, rule, Bounds.of(field), Bounds.maxItems(field));
  }

  /// There is nothing to check here, nor below.
  boolean isVoid() {
    return rule.isEmpty() && bounds.isEmpty() && !field.isRepeated() && !isMessage();
  }

  private boolean isMessage() {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
  }

  void check(Message message, String prefix, int depth) {
    if (field.isRepeated()) {
      checkItems(message, prefix + field.getName(), depth);
    } else {
      checkValue(message, prefix + field.getName(), depth);
    }
  }

  private void checkItems(Message message, String path, int depth) {
    int count = message.getRepeatedFieldCount(field);
    if (count > maxItems) {
      throw new Malformed(path, "at most " + maxItems + " items");
    }
    rule.ifPresent(r -> r.checkCount(path, count));
    if (field.isMapField()) {
      HeaderBounds.check((List<?>) message.getField(field), path);
      return;
    }
    if (bounds.isEmpty() && !isMessage()) {
      return;
    }
    for (int i = 0; i < count; i++) {
      Object item = message.getRepeatedField(field, i);
      checkBounds(item, path, i);
      if (item instanceof Message nested) {
        Rules.check(nested, path + "[" + i + "].", depth + 1);
      }
    }
  }

  private void checkBounds(Object item, String path, int index) {
    for (Check bound : bounds) {
      if (!bound.holds().test(item)) {
        throw new Malformed(path + "[" + index + "]", bound.rule());
      }
    }
  }

  private void checkValue(Message message, String path, int depth) {
    boolean present = !field.hasPresence() || message.hasField(field);
    rule.ifPresent(r -> r.checkPresence(path, present));
    if (!present) {
      return;
    }
    Object value = message.getField(field);
    boolean isDefault = !isMessage() && value.equals(field.getDefaultValue());
    rule.ifPresent(r -> r.checkValue(path, value, isDefault));
    if (!isDefault) {
      for (Check bound : bounds) {
        if (!bound.holds().test(value)) {
          throw new Malformed(path, bound.rule());
        }
      }
    }
    if (value instanceof Message nested) {
      Rules.check(nested, path + ".", depth + 1);
    }
  }
}
