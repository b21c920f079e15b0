package dev.damselfly.dist.lazy;

import java.util.Optional;

/// How a user is known to a registry and to the mirror before it. Thread-safe; no word of it is ever printed.
///
/// A registry that wants a token gets one in exchange for the user's credentials, or for none, and another one when that is
/// not taken any more. The exchange goes through the mirror, which sends credentials only to places that its configuration
/// knows (S-PXY-4).
final class Login {
  private final Credentials credentials;
  private volatile Optional<String> registry;

  /// Where a token comes from.
  interface Exchange {
    String token() throws LazyFailed;
  }

  Login(Credentials credentials) {
    this.credentials = credentials;
    this.registry = credentials.registry();
  }

  /// Value of `Authorization`, as of now.
  Optional<String> registry() {
    return registry;
  }

  /// Value of `Authorization` that a token is given for.
  Optional<String> own() {
    return credentials.registry();
  }

  /// Value of `Proxy-Authorization`.
  Optional<String> mirror() {
    return credentials.mirror();
  }

  /// Whether another token can be had: not by a user who came with one.
  boolean isExchangeable() {
    return !credentials.isToken();
  }

  /// What to show after this was refused: what another thread got meanwhile, or a new token.
  Optional<String> renewed(Optional<String> refused, Exchange exchange) throws LazyFailed {
    if (registry.equals(refused)) {
      registry = Optional.of("Bearer " + exchange.token());
    }
    return registry;
  }
}
