package dev.damselfly.authz.identity.workload;

import dev.damselfly.api.error.InvalidValue;
import java.nio.file.Path;

/// A Unix socket that a Workload API listens on.
public record WorkloadEndpoint(Path socket) {
  private static final String SCHEME = "unix://";
  private static final int MAX = 100; // a socket address holds 104 bytes or a few more, depending on the system

  public WorkloadEndpoint {
    if (!socket.isAbsolute()) {
      throw new InvalidValue("the socket must have an absolute path");
    }
  }

  /// Reads the form of `SPIFFE_ENDPOINT_SOCKET` (Workload Endpoint 4): `unix:///absolute/path` or `unix:/absolute/path`. TCP endpoints are
  /// refused: a network address does not tell the workload API who calls.
  public static WorkloadEndpoint parse(String text) {
    if (!text.startsWith("unix:/")) {
      throw new InvalidValue("a workload endpoint starts with unix:///");
    }
    String rest = text.substring("unix:".length());
    String path = rest.startsWith("//") ? rest.substring(2) : rest;
    if (SCHEME.length() + path.length() > MAX) {
      throw new InvalidValue("a workload endpoint has at most " + MAX + " characters");
    }
    if (!path.startsWith("/")) {
      throw new InvalidValue("a workload endpoint has no authority and an absolute path");
    }
    for (String segment : path.substring(1).split("/", -1)) {
      requireSegment(segment);
    }
    return new WorkloadEndpoint(Path.of(path));
  }

  private static void requireSegment(String segment) {
    if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
      throw new InvalidValue("segments of a workload endpoint are not empty, '.' or '..'");
    }
    for (int i = 0; i < segment.length(); i++) {
      char c = segment.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '%' || c == '\\') {
        throw new InvalidValue("a workload endpoint has no query, fragment, escapes or control characters");
      }
    }
  }
}
