package dev.damselfly.api.rule;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import dev.damselfly.api.url.IpLiteral;
import java.util.function.Predicate;

/// One rule of the schema, read from its spelling.
///
/// @param text as spelled; what a caller is told
/// @param required a message field must be set
/// @param orEmpty the default value passes
/// @param minItems fewest items of a repeated field
/// @param check of a present value
record SchemaRule(String text, boolean required, boolean orEmpty, long minItems, Predicate<Object> check) {
  private static final String OR_EMPTY = " or empty";
  private static final String DURATION = "google.protobuf.Duration";

  /// @throws IllegalStateException for an unknown spelling, or one that does not fit the type of the field
  static SchemaRule compile(FieldDescriptor field, String text) {
    boolean orEmpty = text.endsWith(OR_EMPTY);
    String core = orEmpty ? text.substring(0, text.length() - OR_EMPTY.length()) : text;
    if (core.equals("required")) {
      require(field.getJavaType() == JavaType.MESSAGE && !field.isRepeated() && !orEmpty, field, text);
      return new SchemaRule(text, true, false, 0, _ -> true);
    }
    if (core.startsWith("items")) {
      Interval count = Interval.parse(core.substring("items".length()));
      require(field.isRepeated() && count.max() == Long.MAX_VALUE, field, text);
      return new SchemaRule(text, false, orEmpty, count.min(), _ -> true);
    }
    require(!field.isRepeated(), field, text);
    return new SchemaRule(text, false, orEmpty, 0, predicate(field, core, text));
  }

  private static Predicate<Object> predicate(FieldDescriptor field, String core, String text) {
    if (core.startsWith("len")) {
      return length(field, Interval.parse(core.substring("len".length()).strip()), text);
    }
    return switch (core) {
      case "defined value" -> {
        require(field.getJavaType() == JavaType.ENUM, field, text);
        yield value -> isDefined((EnumValueDescriptor) value);
      }
      case "uri" -> string(field, text, Texts::isUri);
      case "hostname" -> string(field, text, Texts::isHostname);
      case "ip" -> string(field, text, IpLiteral::isValid);
      case "in super" -> string(field, text, "super"::equals);
      case "DIGEST" -> string(field, text, Texts::isDigest);
      case "SCOPE" -> string(field, text, Texts::isScope);
      case "STAT_SCOPE" -> string(field, text, Texts::isStatScope);
      default -> amount(field, Interval.parse(core), text);
    };
  }

  private static Predicate<Object> string(FieldDescriptor field, String text, Predicate<String> holds) {
    require(field.getJavaType() == JavaType.STRING, field, text);
    return value -> holds.test((String) value);
  }

  private static Predicate<Object> length(FieldDescriptor field, Interval interval, String text) {
    return switch (field.getJavaType()) {
      case STRING -> value -> interval.contains(((String) value).codePointCount(0, ((String) value).length()));
      case BYTE_STRING -> value -> interval.contains(((ByteString) value).size());
      default -> throw misfit(field, text);
    };
  }

  private static Predicate<Object> amount(FieldDescriptor field, Interval interval, String text) {
    if (field.getJavaType() == JavaType.MESSAGE) {
      require(field.getMessageType().getFullName().equals(DURATION) && interval.isTime(), field, text);
      return value -> interval.containsTime(Times.seconds(value), Times.nanos(value));
    }
    require(!interval.isTime(), field, text);
    return switch (field.getJavaType()) {
      case INT, LONG -> value -> interval.contains(Numbers.widen(field, value));
      case DOUBLE -> value -> interval.contains((double) value);
      default -> throw misfit(field, text);
    };
  }

  private static boolean isDefined(EnumValueDescriptor value) {
    return value.getType().findValueByNumber(value.getNumber()) != null;
  }

  private static void require(boolean fits, FieldDescriptor field, String text) {
    if (!fits) {
      throw misfit(field, text);
    }
  }

  private static IllegalStateException misfit(FieldDescriptor field, String text) {
    return new IllegalStateException("rule \"" + text + "\" does not fit " + field.getFullName());
  }

  boolean allowsCount(int count) {
    return count >= minItems || orEmpty && count == 0;
  }

  boolean allows(Object value, boolean isDefault) {
    return orEmpty && isDefault || check.test(value);
  }
}
