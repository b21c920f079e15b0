package dev.damselfly.conformance.peer;

import dev.damselfly.conformance.suite.Case;
import java.util.List;
import java.util.stream.Stream;

/// All cases about peers.
public final class PeerCases {
  private PeerCases() {}

  public static List<Case> all() {
    return Stream.of(
            IdCases.all(), AnnounceCases.all(), ChildCases.all(), ServeCases.all(), KeepCases.all(), PeerGuardCases.all())
        .flatMap(List::stream)
        .toList();
  }
}
