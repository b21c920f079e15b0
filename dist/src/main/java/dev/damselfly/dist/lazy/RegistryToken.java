package dev.damselfly.dist.lazy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.damselfly.api.error.InvalidValue;
import java.io.IOException;
import java.util.regex.Pattern;

/// A Bearer token as a token service gives it (RFC 6750 2.1; `token` or `access_token` of its document). Never printed.
///
/// @param value of the grammar of tokens
public record RegistryToken(String value) {
  static final int MAX_DOCUMENT = 64 << 10;
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]{1,8192}={0,2}");

  /// @throws InvalidValue for a document without one token
  public static RegistryToken parse(byte[] document) {
    try {
      JsonNode root = Json.tree(document);
      JsonNode token = root.path("token").isMissingNode() ? root.path("access_token") : root.path("token");
      if (document.length <= MAX_DOCUMENT && token.isTextual() && TOKEN.matcher(token.textValue()).matches()) {
        return new RegistryToken(token.textValue());
      }
    } catch (IOException notJson) {
      // said below
    }
    throw new InvalidValue("the answer of a token service is a document with a token");
  }

  @Override
  public String toString() {
    return "RegistryToken[hidden]";
  }
}
