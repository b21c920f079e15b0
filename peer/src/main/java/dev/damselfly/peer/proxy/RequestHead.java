package dev.damselfly.peer.proxy;

import java.util.Map;
import java.util.Optional;

/// The head of one request without a body, as [HeadParser] accepted it.
///
/// @param method a token
/// @param authority value of Host; that of an absolute-form target is the same
/// @param absolute the target was in absolute form
/// @param path begins with a slash; as sent, nothing was decoded
/// @param query without the question mark; empty when there was none
/// @param headers names in lower case; values of repeated list headers joined by a comma
/// @param keepAlive the caller wants to use the connection again
record RequestHead(
    String method,
    String authority,
    boolean absolute,
    String path,
    String query,
    Map<String, String> headers,
    boolean keepAlive) {
  RequestHead {
    headers = Map.copyOf(headers);
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  boolean isHead() {
    return method.equals("HEAD");
  }

  /// Headers and query carry credentials.
  @Override
  public String toString() {
    return "RequestHead[" + method + "]";
  }
}
