package dev.damselfly.dist.lazy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/// What an error answer of the registry API says, for a terminal.
final class ErrorText {
  private static final int MOST = 300;

  private ErrorText() {}

  /// Printable ASCII of bounded length; empty for anything that says nothing.
  static String of(byte[] body) {
    try {
      JsonNode message = Json.tree(body).path("errors").path(0).path("message");
      String text = message.isTextual() ? message.textValue() : "";
      return text.substring(0, Math.min(MOST, text.length())).replaceAll("[^ -~]", "?");
    } catch (JsonProcessingException notJson) {
      return "";
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory can be read", e);
    }
  }
}
