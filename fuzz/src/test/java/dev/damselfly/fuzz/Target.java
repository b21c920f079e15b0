package dev.damselfly.fuzz;

import java.util.List;

/// One fuzz target: a class with `static void fuzzerTestOneInput(byte[])` and a public constructor for the list.
public interface Target {
  String name();

  /// What an accepted input must satisfy.
  String oracle();

  /// The parsers and handlers that it covers.
  List<Class<?>> covers();

  /// Meaningful inputs to start from.
  List<byte[]> seeds();

  /// How often each seed is changed and replayed in a build; less for what is slow.
  default int changesPerSeed() {
    return 50;
  }

  /// @throws AssertionError for a finding
  void run(byte[] input);
}
