package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// A second opinion on messages that a server accepted: the published rule table, read from `constraints.txt`, and the
/// bounds of the API. Shares neither code nor data with the servers' own rules; a field that breaks a rule is named.
final class Constraints {
  private static final Map<String, String> RULES = new HashMap<>();
  private static final Set<String> ONEOFS = new HashSet<>();
  private static final String OR_EMPTY = " or empty";
  private static final int MAX_DEPTH = 32;

  static {
    var file = Objects.requireNonNull(Constraints.class.getResourceAsStream("constraints.txt"));
    try (var lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
      lines.lines().filter(line -> !line.startsWith("#")).forEach(Constraints::learn);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Constraints() {}

  private static void learn(String line) {
    String[] parts = line.split(" ", 3);
    if (parts[2].equals("oneof")) {
      ONEOFS.add(parts[0] + "." + parts[1]);
    } else {
      RULES.put(parts[0] + "." + parts[1], parts[2]);
    }
  }

  /// @throws AssertionError naming the first field that no server may accept
  static void requireHold(Message accepted) {
    walk(accepted, "", 0);
  }

  private static void walk(Message message, String at, int depth) {
    hold(depth <= MAX_DEPTH, at, "nesting");
    var type = message.getDescriptorForType();
    for (OneofDescriptor oneof : type.getRealOneofs()) {
      String name = type.getFullName() + "." + oneof.getName();
      hold(!ONEOFS.contains(name) || message.hasOneof(oneof), name, "a member must be set");
    }
    for (FieldDescriptor field : type.getFields()) {
      if (field.isRepeated()) {
        items(message, field, at + field.getName(), depth);
      } else {
        single(message, field, at + field.getName(), depth);
      }
    }
  }

  private static void items(Message message, FieldDescriptor field, String path, int depth) {
    int count = message.getRepeatedFieldCount(field);
    String rule = RULES.getOrDefault(field.getFullName(), "");
    hold(count > 0 || !rule.equals("items>=1"), path, rule);
    hold(count <= FieldBounds.items(field), path, "too many items");
    if (field.isMapField()) {
      FieldBounds.headers((Collection<?>) message.getField(field), path);
      return;
    }
    for (Object item : (List<?>) message.getField(field)) {
      FieldBounds.require(field, item, path);
      if (item instanceof Message nested) {
        walk(nested, path + ".", depth + 1);
      }
    }
  }

  private static void single(Message message, FieldDescriptor field, String path, int depth) {
    boolean present = !field.hasPresence() || message.hasField(field);
    String rule = RULES.getOrDefault(field.getFullName(), "");
    hold(present || !rule.equals("required"), path, rule);
    if (!present) {
      return;
    }
    Object value = message.getField(field);
    boolean isMessage = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    boolean isDefault = !isMessage && value.equals(field.getDefaultValue());
    boolean orEmpty = rule.endsWith(OR_EMPTY);
    String core = orEmpty ? rule.substring(0, rule.length() - OR_EMPTY.length()) : rule;
    if (!core.isEmpty() && !core.equals("required") && !(orEmpty && isDefault)) {
      hold(holds(core, field, value), path, rule);
    }
    if (!isDefault) {
      FieldBounds.require(field, value, path);
    }
    if (value instanceof Message nested) {
      walk(nested, path + ".", depth + 1);
    }
  }

  private static boolean holds(String rule, FieldDescriptor field, Object value) {
    if (rule.startsWith("len")) {
      long length =
          value instanceof ByteString bytes ? bytes.size() : ((String) value).codePoints().count();
      return inside(rule.substring(3).strip(), BigInteger.valueOf(length));
    }
    return switch (rule) {
      case "defined value" -> field.getEnumType().getValues().stream()
          .anyMatch(known -> known.getNumber() == ((EnumValueDescriptor) value).getNumber());
      case "uri" -> FieldBounds.URI.matcher((String) value).matches();
      case "hostname" -> FieldBounds.HOSTNAME.matcher((String) value).matches() && ((String) value).length() <= 253;
      case "ip" -> com.google.common.net.InetAddresses.isInetAddress((String) value);
      case "in super" -> value.equals("super");
      case "DIGEST" -> FieldBounds.DIGEST.matcher((String) value).matches();
      case "SCOPE" -> Set.of("single_seed_peer", "all_seed_peers", "all_peers").contains(value);
      case "STAT_SCOPE" -> Set.of("all_seed_peers", "all_peers").contains(value);
      default -> value instanceof Message time
          ? inside(rule.replace("s", ""), BigInteger.valueOf((long) FieldBounds.part(time, 1)))
          : amount(rule, field, value);
    };
  }

  private static boolean amount(String rule, FieldDescriptor field, Object value) {
    if (value instanceof Double number) {
      String[] ends = rule.replace(">=", "").split("\\.\\.", -1);
      return number >= Double.parseDouble(ends[0]) && (ends.length == 1 || number <= Double.parseDouble(ends[1]));
    }
    return inside(rule, FieldBounds.unsigned(field, value));
  }

  /// `a..b`, `>=a`, `<=b` or `=a`, each with or without MiB.
  private static boolean inside(String interval, BigInteger value) {
    if (interval.startsWith(">=")) {
      return value.compareTo(number(interval.substring(2))) >= 0;
    }
    if (interval.startsWith("<=")) {
      return value.compareTo(number(interval.substring(2))) <= 0;
    }
    if (interval.startsWith("=")) {
      return value.equals(number(interval.substring(1)));
    }
    String[] ends = interval.split("\\.\\.", -1);
    return value.compareTo(number(ends[0])) >= 0 && value.compareTo(number(ends[1])) <= 0;
  }

  private static BigInteger number(String text) {
    return text.endsWith("MiB")
        ? new BigInteger(text.substring(0, text.length() - 3)).shiftLeft(20)
        : new BigInteger(text);
  }

  static void hold(boolean holds, String path, String rule) {
    if (!holds) {
      throw new AssertionError("accepted although " + path + " breaks \"" + rule + "\"");
    }
  }
}
