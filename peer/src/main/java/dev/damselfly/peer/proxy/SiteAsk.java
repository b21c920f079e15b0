package dev.damselfly.peer.proxy;

import dev.damselfly.peer.download.LocalCaller;
import dev.damselfly.peer.origin.OriginRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A request for a web server. Of its head only listed headers go on (S-PXY-2, S-PXY-9): none of the connection, none for
/// proxies, none of ours.
record SiteAsk(RequestHead head, Site site, LocalCaller caller, String source) implements Asked {
  private static final int MAX_LABEL = 1024;

  /// Decide what the server gives to whom; they stay with it.
  private static final List<String> CREDENTIALS = List.of("authorization", "cookie");

  /// The caller's wishes for this one answer.
  private static final List<String> WISHES = List.of("accept", "accept-language", "cache-control", "pragma", "referer", "user-agent");

  /// Decide which answer it is; what goes through the swarm answers Range and If-Range itself.
  private static final List<String> CONDITIONS = List.of("if-match", "if-modified-since", "if-none-match", "if-unmodified-since");

  private static final List<String> RANGES = List.of("range", "if-range");

  @Override
  public String url() {
    return site.url() + head.path() + (head.query().isEmpty() ? "" : "?" + head.query());
  }

  @Override
  public OriginRequest origin() {
    return new OriginRequest(url(), headers(CREDENTIALS));
  }

  Map<String, String> wishes() {
    return headers(WISHES);
  }

  /// Everything that goes along with a request that is passed on.
  Map<String, String> own() {
    var all = new LinkedHashMap<>(headers(WISHES));
    all.putAll(headers(CONDITIONS));
    all.putAll(headers(RANGES));
    return all;
  }

  private Map<String, String> headers(List<String> names) {
    var headers = new LinkedHashMap<String, String>();
    for (String name : names) {
      head.header(name).filter(value -> !value.isEmpty()).ifPresent(value -> headers.put(name, value));
    }
    return headers;
  }

  /// A plain GET, maybe of a part, of something that is to come through the swarm.
  boolean isForSwarm() {
    boolean plain = CONDITIONS.stream().allMatch(name -> head.header(name).isEmpty());
    return head.method().equals("GET") && plain && site.isForSwarm(head.path());
  }

  /// Without the query, which may hold credentials.
  @Override
  public String label() {
    String label = site.name() + head.path();
    return label.length() > MAX_LABEL ? label.substring(0, MAX_LABEL) : label;
  }

  @Override
  public String toString() {
    return "SiteAsk[" + site.name() + "]"; // the head carries credentials
  }
}
