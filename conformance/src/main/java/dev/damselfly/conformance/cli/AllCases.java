package dev.damselfly.conformance.cli;

import dev.damselfly.conformance.manager.ManagerCases;
import dev.damselfly.conformance.peer.PeerCases;
import dev.damselfly.conformance.scheduler.SchedulerCases;
import dev.damselfly.conformance.suite.Case;
import java.util.List;
import java.util.stream.Stream;

/// Every case of the suite.
public final class AllCases {
  /// Semantic: a new case is a minor step, another meaning of a case or of the target file a major one.
  public static final String VERSION = "1.0.0";

  private AllCases() {}

  public static List<Case> all() {
    return Stream.of(ManagerCases.all(), SchedulerCases.all(), PeerCases.all()).flatMap(List::stream).toList();
  }
}
