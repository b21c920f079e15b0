package dev.damselfly.peer.proxy;

import dev.damselfly.authz.config.ConfigReader;
import java.util.Optional;
import java.util.Set;

/// Who may ask for what one entry of the configuration stands for. Immutable.
///
/// @param callers names of the file of callers; empty means each of them
/// @param host a request in origin form, as programs send it that take the proxy for the server itself, needs no
///     `Proxy-Authorization` when it carries none: container runtimes cannot send one
public record Access(Set<String> callers, boolean host) {
  static final Access EVERYBODY = new Access(Set.of(), false);

  public Access {
    callers = Set.copyOf(callers);
  }

  boolean admits(String caller) {
    return callers.isEmpty() || callers.contains(caller);
  }

  /// Notes problems in the section.
  ///
  /// @param known the callers of the configuration, if there are any
  static Access read(ConfigReader section, Optional<ProxyCallers> known) {
    var callers = Set.copyOf(section.list("callers", ProxyCallers.MAX_CALLERS, text -> text));
    boolean host = section.flag("this-host", false);
    if (known.isEmpty() && (host || section.has("callers"))) {
      section.problem(host ? "this-host" : "callers", "has no meaning without proxy.callers");
    }
    if (section.has("callers") && callers.isEmpty()) {
      section.problem("callers", "must name a caller");
    }
    if (known.isPresent() && !known.get().mayBe(callers)) {
      section.problem("callers", "must be names of the file of proxy.callers");
    }
    return new Access(callers, host);
  }
}
