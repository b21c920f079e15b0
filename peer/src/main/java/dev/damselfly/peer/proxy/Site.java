package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import java.util.List;

/// A web server that callers may reach through the proxy.
///
/// @param name host, and port unless it is 80, of the http URLs that callers ask for
/// @param url scheme and authority that is asked instead, without a path
/// @param swarm beginnings of paths; what lies below comes through the swarm when it is large
/// @param standard has the requests in origin form that are not of the registry API
/// @param access who may use it
public record Site(String name, String url, List<String> swarm, boolean standard, Access access) {
  static final int MAX_PREFIXES = 64;
  private static final int MAX_PREFIX = 1024;

  public Site {
    swarm = List.copyOf(swarm);
  }

  boolean isForSwarm(String path) {
    return swarm.stream().anyMatch(path::startsWith);
  }

  /// A path that begins and ends with a slash, so that no prefix is a part of a name.
  ///
  /// @throws InvalidValue for another text
  static String requirePrefix(String text) {
    if (text.length() > MAX_PREFIX || !text.startsWith("/") || !text.endsWith("/") || !SitePath.isPlain(text)) {
      throw new InvalidValue("must be a path that begins and ends with a slash, without dot segments");
    }
    return text;
  }
}
