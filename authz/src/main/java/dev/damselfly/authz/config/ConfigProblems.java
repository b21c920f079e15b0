package dev.damselfly.authz.config;

import java.util.List;

/// A configuration that cannot be used: every problem found, each naming its key and rule.
public final class ConfigProblems extends Exception {
  private static final long serialVersionUID = 1L;
  private final transient List<String> problems;

  public ConfigProblems(List<String> problems) {
    super(String.join("; ", problems), null, false, false);
    this.problems = List.copyOf(problems);
  }

  public List<String> problems() {
    return problems;
  }
}
