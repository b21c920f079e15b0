package dev.damselfly.dist.runtime;

import java.util.List;

/// What lies in the directory forbids it: each problem names its file and the rule. Nothing was changed.
public final class Conflict extends Exception {
  private static final long serialVersionUID = 1L;
  private final transient List<String> problems;

  Conflict(List<String> problems) {
    super(String.join("; ", problems), null, false, false);
    this.problems = List.copyOf(problems);
  }

  public List<String> problems() {
    return problems;
  }
}
