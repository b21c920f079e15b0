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

  void check(Message message, Walk walk) {
    if (field.isRepeated()) {
      checkItems(message, walk);
    } else {
      checkValue(message, walk);
    }
  }

  private void checkItems(Message message, Walk walk) {
    int count = message.getRepeatedFieldCount(field);
    if (count > maxItems) {
      throw new Malformed(walk.to(field.getName()), "at most " + maxItems + " items");
    }
    if (walk.rules() && rule.isPresent() && !rule.get().allowsCount(count)) {
      throw broken(rule.get(), walk);
    }
    if (field.isMapField()) {
      if (count > 0) {
        HeaderBounds.check((List<?>) message.getField(field), walk.to(field.getName()));
      }
      return;
    }
    if (bounds.isEmpty() && !isMessage()) {
      return;
    }
    for (int i = 0; i < count; i++) {
      Object item = message.getRepeatedField(field, i);
      Optional<String> brokenBound = brokenBound(item);
      if (brokenBound.isPresent()) {
        throw new Malformed(walk.to(field.getName(), i), brokenBound.get());
      }
      if (item instanceof Message nested) {
        Rules.check(nested, walk.into(field.getName(), i));
      }
    }
  }

  private void checkValue(Message message, Walk walk) {
    boolean present = !field.hasPresence() || message.hasField(field);
    boolean ruled = walk.rules() && rule.isPresent();
    if (ruled && !present && rule.get().required()) {
      throw broken(rule.get(), walk);
    }
    if (!present) {
      return;
    }
    Object value = message.getField(field);
    boolean isDefault = !isMessage() && value.equals(field.getDefaultValue());
    if (ruled && !rule.get().allows(value, isDefault)) {
      throw broken(rule.get(), walk);
    }
    Optional<String> brokenBound = isDefault ? Optional.empty() : brokenBound(value);
    if (brokenBound.isPresent()) {
      throw new Malformed(walk.to(field.getName()), brokenBound.get());
    }
    if (value instanceof Message nested) {
      Rules.check(nested, walk.into(field.getName()));
    }
  }

  private Malformed broken(SchemaRule schemaRule, Walk walk) {
    return new Malformed(walk.to(field.getName()), schemaRule.text());
  }

  private Optional<String> brokenBound(Object value) {
    for (Check bound : bounds) {
      if (!bound.holds().test(value)) {
        return Optional.of(bound.rule());
      }
    }
    return Optional.empty();
  }
}
