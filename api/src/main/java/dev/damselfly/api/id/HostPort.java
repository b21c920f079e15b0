package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;

/// An IP literal or host name with a port, `host:port`, IPv6 in brackets.
///
/// @param host without brackets, at most 253 characters, no control characters or spaces
/// @param port 1..65535
public record HostPort(String host, int port) {
  public HostPort {
    if (host.isEmpty() || host.length() > 253) {
      throw new InvalidValue("host must have 1 to 253 characters");
    }
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '/' || c == '[' || c == ']' || c == '@' || c == '%') {
        throw new InvalidValue("host must be a name or an IP literal");
      }
    }
    if (port < 1 || port > 65_535) {
      throw new InvalidValue("port must be in [1, 65535]");
    }
  }

  /// Inverse of [#toString].
  public static HostPort parse(String text) {
    if (text.length() > 262) {
      throw new InvalidValue("must be host:port");
    }
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw new InvalidValue("must be host:port");
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (bracketed != (host.indexOf(':') >= 0)) {
      throw new InvalidValue("an IPv6 address must stand in brackets");
    }
    return new HostPort(bracketed ? host.substring(1, host.length() - 1) : host, port(text.substring(colon + 1)));
  }

  private static int port(String text) {
    if (text.isEmpty() || text.length() > 5 || text.charAt(0) == '0') {
      throw new InvalidValue("port must be in [1, 65535]");
    }
    int port = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        throw new InvalidValue("port must be in [1, 65535]");
      }
      port = port * 10 + (c - '0');
    }
    return port;
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
