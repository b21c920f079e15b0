package dev.damselfly.peer.proxy;

import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.origin.Relay;
import java.util.Map;

/// Asks a registry; the promises are those of [dev.damselfly.peer.origin.Origins#exchange].
public interface Forwarder {
  Relay exchange(String method, OriginRequest request, Map<String, String> own);
}
