package dev.damselfly.authz.block;

/// The place of a rule in its list: says which one it is and nothing of what it says.
///
/// @param index from 0
public record BlockRule(Kind kind, int index) {
  /// What rules look at, as the keys of the document spell it.
  public enum Kind {
    APPLICATIONS("applications"),
    URLS("urls"),
    TAGS("tags"),
    PRIORITIES("priorities");

    private final String key;

    Kind(String key) {
      this.key = key;
    }

    public String key() {
      return key;
    }
  }

  /// For example `urls[3]`.
  public String id() {
    return kind.key() + "[" + index + "]";
  }
}
