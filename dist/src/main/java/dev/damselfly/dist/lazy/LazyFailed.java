package dev.damselfly.dist.lazy;

import dev.damselfly.nydus.RafsRefused;

/// An image, or a part of it, cannot be had. The text is for people and holds nothing secret and nothing unprintable.
public final class LazyFailed extends Exception {
  private static final long serialVersionUID = 1L;
  private final Kind kind;

  /// Whose turn it is.
  public enum Kind {
    /// The words of the caller make no sense.
    USAGE,
    /// Registry or peer say no.
    REFUSED,
    /// Bytes are not what their digest or the format says.
    UNVERIFIED,
    /// The registry failed, or does not have it.
    REGISTRY,
    /// No peer answers.
    UNAVAILABLE,
    /// The disk of this host.
    LOCAL
  }

  public LazyFailed(Kind kind, String text) {
    super(text, null, false, false);
    this.kind = kind;
  }

  /// What a person sees of a refusal.
  public static LazyFailed refused(String what, RafsRefused e) {
    return new LazyFailed(
        Kind.UNVERIFIED, what + " is refused: " + e.code().text() + " at byte " + e.offset() + ": " + e.rule());
  }

  public Kind kind() {
    return kind;
  }

  public String text() {
    return String.valueOf(getMessage());
  }
}
