package dev.damselfly.api.rule;

import java.util.function.Predicate;

/// A condition on one value of a field, as protobuf reflection gives it.
///
/// @param rule what holds for a good value
record Check(String rule, Predicate<Object> holds) {
  static Check text(String rule, Predicate<String> holds) {
    return new Check(rule, value -> holds.test((String) value));
  }
}
