package dev.damselfly.conformance.scheduler;

import dev.damselfly.conformance.suite.Case;
import java.util.List;
import java.util.stream.Stream;

/// All cases about schedulers.
public final class SchedulerCases {
  private SchedulerCases() {}

  public static List<Case> all() {
    return Stream.of(
            HostCases.all(),
            RegistrationCases.all(),
            SeedCases.all(),
            ParentCases.all(),
            GraphCases.all(),
            StreamCases.all(),
            GuardCases.all(),
            FurtherCases.all())
        .flatMap(List::stream)
        .toList();
  }
}
