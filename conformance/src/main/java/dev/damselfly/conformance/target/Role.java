package dev.damselfly.conformance.target;

import com.fasterxml.jackson.annotation.JsonProperty;

/// What a program can be in the protocol.
public enum Role {
  @JsonProperty("manager")
  MANAGER,
  @JsonProperty("scheduler")
  SCHEDULER,
  @JsonProperty("peer")
  PEER,
  @JsonProperty("seed-peer")
  SEED_PEER,
  @JsonProperty("operator")
  OPERATOR;

  /// As target files and reports spell it.
  public String text() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }
}
