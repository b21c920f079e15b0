package dev.damselfly.dist.cli;

import java.util.List;
import java.util.Locale;

/// Writes one flat JSON object; a JSON library would cost more start time than the command has (D15).
final class JsonLine {
  private final StringBuilder text = new StringBuilder(256);

  JsonLine(String event) {
    text.append("{\"event\":");
    quote(event);
  }

  JsonLine text(String name, String value) {
    key(name);
    quote(value);
    return this;
  }

  JsonLine number(String name, long value) {
    key(name);
    text.append(value);
    return this;
  }

  JsonLine texts(String name, List<String> values) {
    key(name);
    text.append('[');
    for (int i = 0; i < values.size(); i++) {
      if (i > 0) {
        text.append(',');
      }
      quote(values.get(i));
    }
    text.append(']');
    return this;
  }

  String end() {
    return text.append('}').toString();
  }

  private void key(String name) {
    text.append(',');
    quote(name);
    text.append(':');
  }

  private void quote(String value) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < 0x20 || c == 0x7f || Character.isSurrogate(c)) {
        text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }
}
