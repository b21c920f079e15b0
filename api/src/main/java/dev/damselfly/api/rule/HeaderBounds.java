package dev.damselfly.api.rule;

import com.google.protobuf.Message;
import dev.damselfly.api.error.RequestFailure.Malformed;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Maps of headers (B-24). All maps of the schema are of that kind.
final class HeaderBounds {
  static final int MAX_ENTRIES = 64;
  static final int MAX_BYTES = 16 << 10;

  private HeaderBounds() {}

  /// @param entries map entries as reflection gives them
  static void check(List<?> entries, String path) {
    long bytes = 0;
    for (Object entry : entries) {
      var message = (Message) entry;
      String name = (String) message.getField(message.getDescriptorForType().findFieldByNumber(1));
      String value = (String) message.getField(message.getDescriptorForType().findFieldByNumber(2));
      bytes += bytes(name) + bytes(value);
      if (bytes > MAX_BYTES) {
        throw new Malformed(path, "at most " + MAX_BYTES + " bytes in total");
      }
      if (!Texts.isToken(name)) {
        throw new Malformed(path, "names are tokens");
      }
      if (!Texts.isHeaderValue(value)) {
        throw new Malformed(path, "values have no control characters");
      }
    }
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
