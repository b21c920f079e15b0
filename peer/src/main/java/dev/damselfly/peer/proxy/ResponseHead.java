package dev.damselfly.peer.proxy;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// The head of one answer, built name by name; nothing of an upstream's head goes through as bytes (S-PXY-3). Not thread-safe.
final class ResponseHead {
  static final int MAX_VALUE = 4096;
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH).withZone(ZoneOffset.UTC);

  private final int status;
  private final Map<String, String> headers = new LinkedHashMap<>();

  ResponseHead(int status) {
    this.status = status;
  }

  int status() {
    return status;
  }

  Map<String, String> headers() {
    return headers;
  }

  /// @throws IllegalStateException for a value that could end the header: it had to be checked before
  ResponseHead with(String name, String value) {
    if (!isPlain(value)) {
      throw new IllegalStateException("a value of " + name + " that is not plain reached the answer");
    }
    headers.put(name, value);
    return this;
  }

  ResponseHead with(String name, long value) {
    return with(name, Long.toString(value));
  }

  /// Printable ASCII of a usual length.
  static boolean isPlain(String value) {
    return value.length() <= MAX_VALUE && value.chars().allMatch(c -> c >= ' ' && c < 0x7f);
  }

  byte[] bytes(Instant now, boolean keepAlive) {
    var out = new StringBuilder("HTTP/1.1 ").append(status).append(' ');
    out.append(HttpResponseStatus.valueOf(status).reasonPhrase()).append("\r\n");
    headers.forEach((name, value) -> out.append(name).append(": ").append(value).append("\r\n"));
    out.append("Date: ").append(DATE.format(now)).append("\r\n");
    if (!keepAlive) {
      out.append("Connection: close\r\n");
    }
    return out.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
  }
}
