package dev.damselfly.nydus;

import java.util.Arrays;

/// One extended attribute. Name and value are bytes; the name starts with a known prefix.
public final class Xattr {
  private final byte[] name;
  private final byte[] value;

  Xattr(byte[] name, byte[] value) {
    this.name = name;
    this.value = value;
  }

  /// Whole name with its prefix, for example `user.comment`.
  public byte[] name() {
    return name.clone();
  }

  public byte[] value() {
    return value.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Xattr x && Arrays.equals(name, x.name) && Arrays.equals(value, x.value);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(name) + Arrays.hashCode(value);
  }
}
