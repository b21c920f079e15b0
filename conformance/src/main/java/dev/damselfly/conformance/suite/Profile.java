package dev.damselfly.conformance.suite;

import java.util.Arrays;
import java.util.Optional;

/// A set of cases that makes one claim.
public enum Profile {
  /// Wire rules of the 2.5 protocol generation.
  INTEROP("interop-2.5"),
  /// Security behaviour, and the wire rules that remain reachable with identity on every socket.
  HARDENED("hardened-1");

  private final String text;

  Profile(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }

  public static Optional<Profile> find(String text) {
    return Arrays.stream(values()).filter(profile -> profile.text.equals(text)).findFirst();
  }

  boolean includes(Case one) {
    return switch (this) {
      case INTEROP -> one.level() != Level.SEC_MUST;
      case HARDENED -> !one.onlyInterop();
    };
  }
}
