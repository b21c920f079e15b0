package dev.damselfly.peer.proxy;

import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.origin.Relay;
import java.util.Map;

/// Asks servers; the promises are those of [Origins].
public interface Forwarder {
  /// As [Origins#exchange]: follows redirects.
  Relay exchange(String method, OriginRequest request, Map<String, String> own);

  /// As [Origins#exchangeOnce]: a redirect is an answer like any other.
  Relay once(String method, OriginRequest request, Map<String, String> own);

  static Forwarder of(Origins origins) {
    return new Forwarder() {
      @Override
      public Relay exchange(String method, OriginRequest request, Map<String, String> own) {
        return origins.exchange(method, request, own);
      }

      @Override
      public Relay once(String method, OriginRequest request, Map<String, String> own) {
        return origins.exchangeOnce(method, request, own);
      }
    };
  }
}
