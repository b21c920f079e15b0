package dev.damselfly.authz.files;

import java.io.IOException;

/// A directory or file is not what it must be: a link, another owner, or open to others. Names role and rule.
public final class UnsafeFile extends IOException {
  private static final long serialVersionUID = 1L;

  public UnsafeFile(String rule) {
    super(rule);
  }

  UnsafeFile(String rule, Throwable cause) {
    super(rule, cause);
  }
}
