package dev.damselfly.dist.lazy;

import dev.damselfly.api.error.InvalidValue;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Head of an answer of the mirror (RFC 9112 4, 5). Strict: the mirror writes one form only.
///
/// @param headers names in lower case, each once
public record AnswerHead(int status, Map<String, String> headers) {
  static final int MAX_BYTES = 32 << 10;
  static final int MAX_HEADERS = 100;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 [2-5][0-9]{2}(?: [ -~]*)?");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9-]{1,64}");
  private static final Pattern VALUE = Pattern.compile("[ -~]*");
  private static final Pattern LENGTH = Pattern.compile("0|[1-9][0-9]{0,17}");

  public AnswerHead {
    headers = Map.copyOf(headers);
  }

  /// @param bytes the lines of the head, with the empty line that ends it
  /// @throws InvalidValue for anything that is not one head with at most one framing
  public static AnswerHead parse(byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      throw new InvalidValue("a head has at most " + MAX_BYTES + " bytes");
    }
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String[] lines = text.split("\r\n", -1);
    boolean ended = lines.length >= 3 && lines[lines.length - 1].isEmpty() && lines[lines.length - 2].isEmpty();
    if (!ended || lines.length - 3 > MAX_HEADERS || !STATUS.matcher(lines[0]).matches()) {
      throw new InvalidValue("a head is a status line, at most " + MAX_HEADERS + " headers and an empty line");
    }
    var headers = new HashMap<String, String>();
    for (int i = 1; i < lines.length - 2; i++) {
      int colon = lines[i].indexOf(':');
      String name = colon < 0 ? "" : lines[i].substring(0, colon);
      String value = lines[i].substring(colon + 1).strip();
      boolean good = NAME.matcher(name).matches() && VALUE.matcher(value).matches();
      if (!good || headers.put(name.toLowerCase(Locale.ROOT), value) != null) {
        throw new InvalidValue("a header is a name and printable text, and stands once");
      }
    }
    String length = headers.get("content-length");
    if (headers.containsKey("transfer-encoding") || length == null || !LENGTH.matcher(length).matches()) {
      throw new InvalidValue("an answer says its length");
    }
    return new AnswerHead(Integer.parseInt(lines[0].substring(9, 12)), headers);
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /// Bytes of the body.
  public long length() {
    return header("content-length").map(Long::parseLong).orElse(0L);
  }

  boolean isLast() {
    return header("connection").filter(value -> value.equalsIgnoreCase("close")).isPresent();
  }
}
