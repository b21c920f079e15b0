package dev.damselfly.dist.runtime;

import java.util.List;

/// A registry that is to be pulled through the mirror.
///
/// @param origin where it serves: asked by the runtime itself when the mirror does not answer
public record MirroredRegistry(RegistryName name, Origin origin) {
  /// @param text `HOST[:PORT]` or `HOST[:PORT]=URL`
  public static MirroredRegistry of(String text) {
    int equals = text.indexOf('=');
    var name = new RegistryName(equals < 0 ? text : text.substring(0, equals));
    return new MirroredRegistry(name, equals < 0 ? name.usualOrigin() : Origin.of(text.substring(equals + 1)));
  }

  /// Token services that the registry sends callers to, besides itself.
  public List<Origin> realms() {
    return origin.equals(name.usualOrigin()) ? name.usualRealms() : List.of();
  }
}
