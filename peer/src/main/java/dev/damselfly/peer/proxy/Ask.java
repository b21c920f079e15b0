package dev.damselfly.peer.proxy;

import dev.damselfly.peer.download.LocalCaller;
import dev.damselfly.peer.origin.OriginRequest;
import java.util.LinkedHashMap;
import java.util.Map;

/// A request that is understood: what of which registry, for whom. Made anew from checked parts; of the caller's head only
/// a few headers go on (S-PXY-2, S-PXY-9).
///
/// @param query for the registry, with its question mark; may be empty
/// @param caller who asks; what it may have at the registry is the registry's business
/// @param source address of the caller
record Ask(RequestHead head, Upstream upstream, Route route, String query, LocalCaller caller, String source)
    implements Asked {
  @Override
  public OriginRequest origin() {
    var headers = new LinkedHashMap<String, String>();
    head.header("authorization").ifPresent(value -> headers.put("authorization", value));
    return new OriginRequest(url(), headers);
  }

  /// Headers that only concern a request which is passed on.
  Map<String, String> own() {
    var headers = new LinkedHashMap<String, String>();
    for (String name : new String[] {"accept", "user-agent", "if-none-match"}) {
      head.header(name).filter(value -> !value.isEmpty()).ifPresent(value -> headers.put(name, value));
    }
    return headers;
  }

  @Override
  public String url() {
    return upstream.url() + route.path() + query;
  }

  @Override
  public String label() {
    return upstream.name() + "/" + route.subject();
  }

  @Override
  public String toString() {
    return "Ask[" + label() + "]"; // the head carries credentials
  }
}
