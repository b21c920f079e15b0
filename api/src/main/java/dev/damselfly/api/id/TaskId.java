package dev.damselfly.api.id;

/// Name of a task on the wire: 64 lower-case hexadecimal digits (the piece frame carries exactly 64 bytes, B-28).
///
/// A name, not a proof: what it stands for is fixed by [TaskTuple#fingerprint].
public record TaskId(String value) {
  public static final int LENGTH = 64;

  public TaskId {
    Hex.require(value, LENGTH);
  }

  @Override
  public String toString() {
    return value;
  }
}
