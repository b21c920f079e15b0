package dev.damselfly.manager.cluster;

import dev.damselfly.api.error.InvalidValue;

/// Number of a scheduler cluster on the wire; from 1.
public record ClusterId(long value) {
  public ClusterId {
    if (value < 1) {
      throw new InvalidValue("must be a cluster id of at least 1"); // uint64 above 2^63-1 arrives negative
    }
  }
}
