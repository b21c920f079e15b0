package dev.damselfly.api.rule;

/// Where a check stands in a message.
///
/// @param path of the message inside the one that was given, empty or with a final dot
/// @param depth messages around this one
/// @param rules also check the rules of the schema, not only the bounds
record Walk(String path, int depth, boolean rules) {
  Walk into(String fieldPath) {
    return new Walk(fieldPath + ".", depth + 1, rules);
  }

  String to(String field) {
    return path + field;
  }
}
