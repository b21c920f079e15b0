package dev.damselfly.authz.audit;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.audit.AuditRecord.Body;
import dev.damselfly.authz.audit.AuditRecord.Position;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;

/// Reads one line. The form has one spelling, so the parser knows which byte comes next; what it read is written again
/// and must be the same line.
final class RecordParser {
  private static final String RULE = "must be an audit record in canonical form";
  private static final int MAX_DETAILS = 256;

  private final String line;
  private int at;

  private RecordParser(String line) {
    this.line = line;
  }

  /// @throws InvalidValue for every line that [AuditRecord#line] does not write
  static AuditRecord parse(byte[] line) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidValue(RULE);
    }
    AuditRecord record = new RecordParser(text).record();
    if (!record.line().equals(text)) {
      throw new InvalidValue(RULE);
    }
    return record;
  }

  private AuditRecord record() {
    String action = member("{\"action\":");
    String actor = member(",\"actor\":");
    String boot = hex(member(",\"boot\":"), 32);
    String clock = member(",\"clock\":");
    String decision = member(",\"decision\":");
    skip(",\"detail\":");
    SortedMap<String, String> detail = detail();
    String hash = hex(member(",\"hash\":"), 64);
    long mono = number(",\"mono\":");
    String object = member(",\"object\":");
    String prev = hex(member(",\"prev\":"), 64);
    String reason = member(",\"reason\":");
    long seq = number(",\"seq\":");
    String source = member(",\"source\":");
    long version = number(",\"v\":");
    long wall = number(",\"wall\":");
    skip("}");
    if (at != line.length() || version != AuditRecord.VERSION || seq < 1) {
      throw new InvalidValue(RULE);
    }
    var body = new Body(action, actor, object, decision, reason, source, detail);
    return new AuditRecord(new Position(seq, boot, mono, wall, clock), body, prev, hash);
  }

  private SortedMap<String, String> detail() {
    SortedMap<String, String> detail = new TreeMap<>();
    skip("{");
    if (peek() == '}') {
      at++;
      return detail;
    }
    while (detail.size() < MAX_DETAILS) {
      String key = string();
      skip(":");
      detail.put(key, string());
      if (peek() == '}') {
        at++;
        return detail;
      }
      skip(",");
    }
    throw new InvalidValue(RULE);
  }

  private String member(String key) {
    skip(key);
    return string();
  }

  private long number(String key) {
    skip(key);
    int from = at;
    while (at < line.length() && (line.charAt(at) == '-' || line.charAt(at) >= '0' && line.charAt(at) <= '9')) {
      at++;
    }
    if (at - from > 20) {
      throw new InvalidValue(RULE);
    }
    try {
      return Long.parseLong(line, from, at, 10);
    } catch (NumberFormatException e) {
      throw new InvalidValue(RULE);
    }
  }

  private String string() {
    skip("\"");
    var out = new StringBuilder();
    while (true) {
      char c = peek();
      at++;
      switch (c) {
        case '"' -> {
          return out.toString();
        }
        case '\\' -> out.append(escaped());
        default -> out.append(c);
      }
    }
  }

  private char escaped() {
    char c = peek();
    at++;
    return switch (c) {
      case '"', '\\' -> c;
      case 'b' -> '\b';
      case 't' -> '\t';
      case 'n' -> '\n';
      case 'f' -> '\f';
      case 'r' -> '\r';
      case 'u' -> unicode();
      default -> throw new InvalidValue(RULE);
    };
  }

  private char unicode() {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      char c = peek();
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw new InvalidValue(RULE);
      }
      value = value << 4 | digit;
      at++;
    }
    return (char) value;
  }

  private char peek() {
    if (at >= line.length()) {
      throw new InvalidValue(RULE);
    }
    return line.charAt(at);
  }

  private void skip(String expected) {
    if (!line.startsWith(expected, at)) {
      throw new InvalidValue(RULE);
    }
    at += expected.length();
  }

  private static String hex(String text, int length) {
    if (text.length() != length) {
      throw new InvalidValue(RULE);
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        throw new InvalidValue(RULE);
      }
    }
    return text;
  }
}
