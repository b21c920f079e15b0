package dev.damselfly.api.error;

import dev.damselfly.api.error.RequestFailure.Malformed;
import java.util.function.Supplier;

/// The edge: turns "this value is wrong" into "this field of your request is wrong".
public final class Field {
  private Field() {}

  /// Parses one field.
  ///
  /// @param name path of the field in the request
  /// @throws Malformed when the value type refuses
  public static <T> T parse(String name, Supplier<T> value) {
    try {
      return value.get();
    } catch (InvalidValue e) {
      throw new Malformed(name, e.rule());
    }
  }
}
