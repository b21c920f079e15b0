package dev.damselfly.dist.lazy;

import java.util.Optional;

/// What a user shows. Says nothing of it in words.
///
/// @param registry value of `Authorization`
/// @param mirror value of `Proxy-Authorization`
public record Credentials(Optional<String> registry, Optional<String> mirror) {
  boolean isToken() {
    return registry.filter(value -> value.startsWith("Bearer ")).isPresent();
  }

  @Override
  public String toString() {
    return "Credentials[hidden]";
  }
}
