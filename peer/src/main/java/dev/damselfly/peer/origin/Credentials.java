package dev.damselfly.peer.origin;

import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.url.CanonicalUrl;
import java.util.List;
import java.util.Map;

/// Whether content is fetched with credentials and therefore restricted (D4).
public final class Credentials {
  /// Added by container runtimes to name a registry; public.
  private static final String REGISTRY_NAME = "ns";

  /// A filter under which nothing is dropped.
  private static final List<String> NOTHING = List.of("\u0000");

  private Credentials() {}

  /// In doubt yes: any header that is not known to be harmless, user info, or a query parameter that is filtered from
  /// the task id because it is a signature.
  public static boolean present(TaskTuple tuple, Map<String, String> headers) {
    return tuple.canonicalUrl().hasUserInfo()
        || headers.keySet().stream().anyMatch(RequestHeaders::isCredential)
        || signed(tuple);
  }

  private static boolean signed(TaskTuple tuple) {
    var names = tuple.filteredQueryParams().stream().filter(name -> !name.equals(REGISTRY_NAME)).toList();
    return !names.isEmpty()
        && !CanonicalUrl.parse(tuple.url(), names).equals(CanonicalUrl.parse(tuple.url(), NOTHING));
  }
}
