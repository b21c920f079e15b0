package dev.damselfly.api.rule;

import org.jspecify.annotations.Nullable;

/// Where a check stands in a message. The path is put together when a refusal names it, which is rare.
///
/// @param around of the message around this one; null for the one that was given
/// @param field that holds this message
/// @param index of this message in a repeated field, else -1
/// @param depth messages around this one
/// @param rules also check the rules of the schema, not only the bounds
record Walk(@Nullable Walk around, String field, int index, int depth, boolean rules) {
  private static final int ALONE = -1;

  static Walk begin(boolean rules) {
    return new Walk(null, "", ALONE, 0, rules);
  }

  Walk into(String field) {
    return new Walk(this, field, ALONE, depth + 1, rules);
  }

  Walk into(String field, int index) {
    return new Walk(this, field, index, depth + 1, rules);
  }

  String to(String field) {
    Walk outer = around;
    return outer == null ? field : path(outer) + "." + field;
  }

  /// Of this message inside the one that was given; empty for that one.
  String path() {
    Walk outer = around;
    return outer == null ? "" : path(outer);
  }

  private String path(Walk outer) {
    return index == ALONE ? outer.to(field) : outer.to(field, index);
  }

  String to(String field, int index) {
    return to(field) + "[" + index + "]";
  }
}
