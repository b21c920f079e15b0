package dev.damselfly.conformance.target;

import dev.damselfly.conformance.link.Endpoint;
import java.io.IOException;
import java.nio.file.Path;

/// A program under test, as cases see it.
public interface Target {
  /// Name and version for reports.
  String name();

  /// Whether it claims an optional part; roles count as capabilities.
  boolean has(String capability);

  /// Who the suite's actors are for this program.
  Actors actors();

  /// Starts a fresh instance.
  Running start(Start start) throws IOException, InterruptedException;

  /// What an instance is started with.
  ///
  /// @param role what it is to be
  /// @param manager the manager that it is to use; its own address when it is the manager
  /// @param work directory of its own; given again to keep its state over a restart
  record Start(Role role, Endpoint manager, Path work) {}
}
