package dev.damselfly.peer.origin;

import java.util.Map;

/// A resource at an origin and what the caller sends along.
///
/// @param url absolute http or https URL without user info
/// @param headers request headers of the caller; secret, never printed
public record OriginRequest(String url, Map<String, String> headers) {
  public OriginRequest {
    headers = Map.copyOf(headers);
  }

  @Override
  public String toString() {
    return "OriginRequest[hidden]"; // URL queries and headers carry credentials
  }
}
