package dev.damselfly.conformance;

import dev.damselfly.conformance.cli.AllCases;
import dev.damselfly.conformance.reference.Fault;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.ExpectedFailures;
import dev.damselfly.conformance.suite.Level;
import dev.damselfly.conformance.suite.Outcome;
import dev.damselfly.conformance.suite.Profile;
import dev.damselfly.conformance.suite.Result;
import dev.damselfly.conformance.suite.Runner;
import dev.damselfly.conformance.target.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Runs of cases in tests, and what they came to.
final class Runs {
  private static final int JOBS = 4;
  private static final long SEED = 7;

  private Runs() {}

  static List<Result> run(Target target, List<Case> cases, int patienceSeconds, Path work) throws InterruptedException {
    var options = new Runner.Options(Duration.ofSeconds(patienceSeconds), Duration.ofMinutes(4), JOBS, SEED, work);
    return new Runner(target, ExpectedFailures.NONE, options, _ -> {}).run(cases);
  }

  static Case meantBy(Fault fault) {
    return AllCases.all().stream().filter(one -> one.id().equals(fault.caseId())).findFirst().orElseThrow();
  }

  static boolean isSecure(Case one) {
    return one.level() == Level.SEC_MUST;
  }

  /// The cases of the profile and role of a case.
  static List<Case> casesFor(Case meant) {
    return Runner.select(AllCases.all(), isSecure(meant) ? Profile.HARDENED : Profile.INTEROP).stream()
        .filter(one -> one.role() == meant.role())
        .toList();
  }

  static String details(List<Result> results) {
    return results.stream()
        .filter(result -> result.outcome() instanceof Outcome.Failed)
        .map(result -> result.which().id() + ": " + result.outcome())
        .collect(Collectors.joining("\n"));
  }

  static Set<String> notPassed(List<Result> results) {
    return results.stream()
        .filter(result -> !(result.outcome() instanceof Outcome.Passed) && !(result.outcome() instanceof Outcome.Unsupported))
        .map(result -> result.which().id() + (result.outcome() instanceof Outcome.Broken(String text) ? " broken: " + text : ""))
        .collect(Collectors.toSet());
  }
}
