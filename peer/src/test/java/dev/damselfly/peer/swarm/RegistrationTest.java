package dev.damselfly.peer.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.common.v2.Download;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class RegistrationTest {
  private static final String CANARY = "canary";

  /// The whole message filled, so that a field that comes later is looked at, too.
  @Test
  @Threat({"CVE-2026-49254", "S-SCH-5"})
  void withoutSecrets_keepsWhatNamesTheContentAndNothingElse() {
    Download sent = Registration.withoutSecrets((Download) filled(Download.newBuilder(), 0));

    var texts = new TreeSet<String>();
    for (FieldDescriptor field : sent.getAllFields().keySet()) {
      if (String.valueOf(sent.getField(field)).contains(CANARY)) {
        texts.add(field.getName());
      }
    }
    assertThat(texts)
        .isSubsetOf(Set.of("url", "digest", "tag", "application", "filtered_query_params", "content_for_calculating_task_id"))
        .contains("url", "tag");
  }

  private static Message filled(Message.Builder builder, int depth) {
    for (FieldDescriptor field : builder.getDescriptorForType().getFields()) {
      if (field.isMapField()) {
        continue; // headers: set below
      }
      switch (field.getJavaType()) {
        case STRING -> put(builder, field, CANARY);
        case BYTE_STRING -> put(builder, field, ByteString.copyFromUtf8(CANARY));
        case MESSAGE -> {
          if (depth < 4) {
            put(builder, field, filled(builder.newBuilderForField(field), depth + 1));
          }
        }
        case INT, LONG, FLOAT, DOUBLE, BOOLEAN, ENUM -> {}
      }
    }
    if (builder instanceof Download.Builder download) {
      download.putRequestHeader("Authorization", CANARY);
    }
    return builder.build();
  }

  private static void put(Message.Builder builder, FieldDescriptor field, Object value) {
    if (field.isRepeated()) {
      builder.addRepeatedField(field, value);
    } else {
      builder.setField(field, value);
    }
  }
}
