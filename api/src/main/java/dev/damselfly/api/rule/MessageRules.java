package dev.damselfly.api.rule;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.wire.damselfly.v1.Rule;
import java.util.List;

/// The compiled rules of one message type.
record MessageRules(List<FieldRules> fields, List<OneofDescriptor> requiredOneofs) {
  static MessageRules compile(Descriptor type) {
    return new MessageRules(
        type.getFields().stream().map(FieldRules::compile).filter(field -> !field.isVoid()).toList(),
        type.getRealOneofs().stream()
            .filter(oneof -> oneof.getOptions().getExtension(Rule.memberRequired))
            .toList());
  }

  void check(Message message, String prefix, int depth) {
    for (OneofDescriptor oneof : requiredOneofs) {
      if (!message.hasOneof(oneof)) {
        throw new Malformed(prefix + oneof.getName(), "one member required");
      }
    }
    for (FieldRules field : fields) {
      field.check(message, prefix, depth);
    }
  }
}
