package dev.damselfly.api.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.damselfly.api.Vectors;
import dev.damselfly.api.wire.common.v2.Common;
import dev.damselfly.api.wire.damselfly.v1.Rule;
import dev.damselfly.api.wire.dfdaemon.v2.Dfdaemon;
import dev.damselfly.api.wire.errordetails.v2.Errordetails;
import dev.damselfly.api.wire.manager.v2.ManagerOuterClass;
import dev.damselfly.api.wire.scheduler.v2.SchedulerOuterClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// The generated schema states exactly the facts of the golden one, validation rules included.
@NullMarked
class WireSchemaTest {
  private static final List<FileDescriptor> FILES =
      List.of(
          Common.getDescriptor(),
          Errordetails.getDescriptor(),
          ManagerOuterClass.getDescriptor(),
          SchedulerOuterClass.getDescriptor(),
          Dfdaemon.getDescriptor());

  private static final int SHOWN = 20;

  private final JsonNode golden = Vectors.load("api-2.3.8.json");

  @Test
  void messages_equalTheGoldenSchema() {
    SortedMap<String, String> expected = new TreeMap<>();
    SortedMap<String, String> actual = new TreeMap<>();

    golden.get("messages").forEach(message -> addGolden(expected, message));
    FILES.forEach(file -> file.getMessageTypes().forEach(type -> add(actual, type)));

    assertThat(expected).hasSizeGreaterThan(862);
    assertThat(differences(expected, actual)).isEmpty();
  }

  @Test
  void services_equalTheGoldenSchema() {
    SortedMap<String, String> expected = new TreeMap<>();
    SortedMap<String, String> actual = new TreeMap<>();

    for (JsonNode service : golden.get("services")) {
      for (JsonNode rpc : service.get("rpcs")) {
        expected.put(
            service.get("name").asText() + "/" + rpc.get("name").asText(),
            call(rpc.get("client_streaming").asBoolean(), rpc.get("request").asText())
                + " returns "
                + call(rpc.get("server_streaming").asBoolean(), rpc.get("response").asText()));
      }
    }
    FILES.forEach(file -> file.getServices().forEach(service -> add(actual, service)));

    assertThat(expected).hasSize(86);
    assertThat(differences(expected, actual)).isEmpty();
  }

  @Test
  void enums_equalTheGoldenSchema() {
    SortedMap<String, String> expected = new TreeMap<>();
    SortedMap<String, String> actual = new TreeMap<>();

    for (JsonNode type : golden.get("enums")) {
      for (JsonNode value : type.get("values")) {
        expected.put(type.get("name").asText() + "." + value.get("number").asInt(), value.get("name").asText());
      }
    }
    FILES.forEach(file -> file.getEnumTypes().forEach(type -> add(actual, type)));

    assertThat(differences(expected, actual)).isEmpty();
  }

  @Test
  void differences_seesEachKind() {
    var left = new TreeMap<>(Map.of("same", "1", "missing", "2", "other", "3"));
    var right = new TreeMap<>(Map.of("same", "1", "extra", "2", "other", "4"));

    assertThat(differences(left, right))
        .containsExactly("extra: unexpected 2", "missing: expected 2, absent", "other: expected 3, found 4");
  }

  private static List<String> differences(SortedMap<String, String> expected, SortedMap<String, String> actual) {
    var keys = new TreeSet<>(expected.keySet());
    keys.addAll(actual.keySet());
    List<String> out = new ArrayList<>();
    for (String key : keys) {
      var want = Optional.ofNullable(expected.get(key));
      var have = Optional.ofNullable(actual.get(key));
      if (have.isEmpty()) {
        out.add(key + ": expected " + want.orElseThrow() + ", absent");
      } else if (want.isEmpty()) {
        out.add(key + ": unexpected " + have.orElseThrow());
      } else if (!want.equals(have)) {
        out.add(key + ": expected " + want.orElseThrow() + ", found " + have.orElseThrow());
      }
    }
    return out.size() > SHOWN ? out.subList(0, SHOWN) : out;
  }

  private static void addGolden(SortedMap<String, String> out, JsonNode message) {
    String name = message.get("name").asText();
    out.put(name, "message");
    for (JsonNode field : message.get("fields")) {
      String fact =
          field.get("name").asText()
              + " "
              + field.get("label").asText()
              + " "
              + field.get("type").asText()
              + " oneof="
              + Vectors.text(field, "oneof")
              + " packed="
              + field.get("packed").asBoolean()
              + " rule="
              + Vectors.text(field, "rule");
      out.put(name + "." + field.get("number").asInt(), fact);
    }
    message.path("reserved").forEach(number -> out.put(name + ".reserved " + number.asInt(), "reserved"));
    message.path("reserved_names").forEach(text -> out.put(name + ".reserved " + text.asText(), "reserved"));
    message.path("required_oneofs").forEach(text -> out.put(name + ".oneof " + text.asText(), "required"));
  }

  private static void add(SortedMap<String, String> out, Descriptor type) {
    String name = type.getFullName();
    out.put(name, "message");
    for (FieldDescriptor field : type.getFields()) {
      var oneof = Optional.ofNullable(field.getRealContainingOneof());
      String fact =
          field.getName()
              + " "
              + label(field)
              + " "
              + typeName(field)
              + " oneof="
              + oneof.map(OneofDescriptor::getName).orElse("")
              + " packed="
              + field.isPacked()
              + " rule="
              + field.getOptions().getExtension(Rule.rule);
      out.put(name + "." + field.getNumber(), fact);
    }
    for (DescriptorProto.ReservedRange range : type.toProto().getReservedRangeList()) {
      for (int number = range.getStart(); number < range.getEnd(); number++) {
        out.put(name + ".reserved " + number, "reserved");
      }
    }
    type.toProto().getReservedNameList().forEach(text -> out.put(name + ".reserved " + text, "reserved"));
    for (OneofDescriptor oneof : type.getRealOneofs()) {
      if (oneof.getOptions().getExtension(Rule.memberRequired)) {
        out.put(name + ".oneof " + oneof.getName(), "required");
      }
    }
    type.getNestedTypes().stream()
        .filter(nested -> !nested.toProto().getOptions().getMapEntry())
        .forEach(nested -> add(out, nested));
    type.getEnumTypes().forEach(nested -> add(out, nested));
  }

  private static void add(SortedMap<String, String> out, ServiceDescriptor service) {
    for (MethodDescriptor method : service.getMethods()) {
      out.put(
          service.getFullName() + "/" + method.getName(),
          call(method.isClientStreaming(), method.getInputType().getFullName())
              + " returns "
              + call(method.isServerStreaming(), method.getOutputType().getFullName()));
    }
  }

  private static void add(SortedMap<String, String> out, EnumDescriptor type) {
    type.getValues().forEach(value -> out.put(type.getFullName() + "." + value.getNumber(), value.getName()));
  }

  private static String call(boolean stream, String type) {
    return (stream ? "stream " : "") + type;
  }

  private static String label(FieldDescriptor field) {
    if (field.isMapField()) {
      return "map";
    }
    if (field.isRepeated()) {
      return "repeated";
    }
    return field.toProto().getProto3Optional() ? "optional" : "singular";
  }

  private static String typeName(FieldDescriptor field) {
    return switch (field.getType()) {
      case MESSAGE -> {
        if (!field.isMapField()) {
          yield field.getMessageType().getFullName();
        }
        var entry = field.getMessageType();
        yield "map<" + typeName(entry.findFieldByNumber(1)) + "," + typeName(entry.findFieldByNumber(2)) + ">";
      }
      case ENUM -> field.getEnumType().getFullName();
      default -> field.getType().name().toLowerCase(Locale.ROOT);
    };
  }
}
