package dev.damselfly.manager.cluster;

import dev.damselfly.api.error.InvalidValue;

/// Number of a seed peer cluster on the wire; from 1. Not the number of the scheduler cluster it belongs to.
public record SeedClusterId(long value) {
  public SeedClusterId {
    if (value < 1) {
      throw new InvalidValue("must be a seed peer cluster id of at least 1");
    }
  }
}
