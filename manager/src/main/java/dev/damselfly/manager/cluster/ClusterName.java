package dev.damselfly.manager.cluster;

import dev.damselfly.api.error.InvalidValue;

/// Name of a cluster: exactly the cluster segment of its members' SPIFFE IDs.
public record ClusterName(String value) {
  public static final int MAX = 255;

  public ClusterName {
    if (value.isEmpty() || value.length() > MAX || value.equals(".") || value.equals("..")) {
      throw new InvalidValue("a cluster name has 1 to 255 characters and is not '.' or '..'");
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
      if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_') {
        throw new InvalidValue("a cluster name has only letters, digits, '.', '-', '_'");
      }
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
