package dev.damselfly.authz.identity;

import dev.damselfly.api.error.InvalidValue;

/// Name of a SPIFFE trust domain (SPIFFE-ID 2.1): lower-case letters, digits, `.`, `-`, `_`; at most 255 bytes.
public record TrustDomain(String name) {
  public static final int MAX = 255;

  public TrustDomain {
    if (name.isEmpty() || name.length() > MAX) {
      throw new InvalidValue("a trust domain has 1 to 255 characters");
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_';
      if (!ok) {
        throw new InvalidValue("a trust domain has only a-z, 0-9, '.', '-', '_'");
      }
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
