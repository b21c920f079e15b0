package dev.damselfly.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.conformance.cli.AllCases;
import dev.damselfly.conformance.reference.Contrarian;
import dev.damselfly.conformance.reference.Fault;
import dev.damselfly.conformance.reference.ReferenceTarget;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Proves the suite on the reference program.
class SelfTest {
  private static final int JOBS = 8;

  @TempDir Path work;

  private List<Result> run(Target target, List<Case> cases, int patienceSeconds) throws InterruptedException {
    var options = new Runner.Options(Duration.ofSeconds(patienceSeconds), Duration.ofMinutes(2), JOBS, 7, work);
    return new Runner(target, ExpectedFailures.NONE, options, _ -> {}).run(cases);
  }

  private static String details(List<Result> results) {
    return results.stream()
        .filter(result -> result.outcome() instanceof Outcome.Failed)
        .map(result -> result.which().id() + ": " + result.outcome())
        .collect(Collectors.joining("\n"));
  }

  private static Set<String> notPassed(List<Result> results) {
    return results.stream()
        .filter(result -> !(result.outcome() instanceof Outcome.Passed) && !(result.outcome() instanceof Outcome.Unsupported))
        .map(result -> result.which().id() + (result.outcome() instanceof Outcome.Broken(String text) ? " broken: " + text : ""))
        .collect(Collectors.toSet());
  }

  @Test
  void interop_passesOnTheReference() throws Exception {
    List<Result> results = run(new ReferenceTarget(false, Set.of()), Runner.select(AllCases.all(), Profile.INTEROP), 30);

    assertThat(notPassed(results)).as(() -> details(results)).isEmpty();
  }

  @Test
  void hardened_passesOnTheReference() throws Exception {
    List<Result> results = run(new ReferenceTarget(true, Set.of()), Runner.select(AllCases.all(), Profile.HARDENED), 30);

    assertThat(notPassed(results)).as(() -> details(results)).isEmpty();
  }

  @Test
  void refusingEverything_passesNothing() throws Exception {
    assertThat(passed(false)).isEmpty();
  }

  @Test
  void acceptingEverything_passesNothing() throws Exception {
    assertThat(passed(true)).isEmpty();
  }

  /// Over both transports.
  private Set<String> passed(boolean accepts) throws InterruptedException {
    var results = new java.util.ArrayList<Result>();
    results.addAll(run(new Contrarian(accepts, false), Runner.select(AllCases.all(), Profile.INTEROP), 1));
    results.addAll(run(new Contrarian(accepts, true), Runner.select(AllCases.all(), Profile.HARDENED), 1));
    return results.stream()
        .filter(result -> result.outcome() instanceof Outcome.Passed)
        .map(result -> result.which().id())
        .collect(Collectors.toSet());
  }

  @Test
  void everyBehaviour_hasACase() {
    var rows = AllCases.all().stream().map(Case::behaviour).collect(Collectors.toSet());
    var missing = new java.util.TreeSet<String>();
    for (int i = 1; i <= 20; i++) {
      missing.add("C" + i);
    }
    for (int i = 1; i <= 30; i++) {
      missing.add("B" + i);
    }
    missing.removeAll(rows);

    assertThat(missing).isEmpty();
    assertThat(AllCases.all().stream().map(Case::id)).doesNotHaveDuplicates();
  }

  @Test
  void everyCaseThatTheReferencePlays_hasAFault() {
    var found = java.util.Arrays.stream(Fault.values()).map(Fault::caseId).collect(Collectors.toSet());
    var without =
        AllCases.all().stream()
            .filter(one -> !one.needs().contains("rest"))
            .map(Case::id)
            .filter(id -> !found.contains(id) && !id.endsWith("/plain"))
            .collect(Collectors.toSet());

    assertThat(without).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  @Timeout(300)
  void fault_isFoundByItsCaseAndNoOther(Fault fault) throws Exception {
    Case meant = AllCases.all().stream().filter(one -> one.id().equals(fault.caseId())).findFirst().orElseThrow();
    boolean secure = meant.level() == Level.SEC_MUST;

    List<Case> ofRole =
        Runner.select(AllCases.all(), secure ? Profile.HARDENED : Profile.INTEROP).stream()
            .filter(one -> one.role() == meant.role())
            .toList();
    List<Result> results = run(new ReferenceTarget(secure, Set.of(fault)), ofRole, 15);

    assertThat(notPassed(results)).as(() -> details(results)).containsExactly(fault.caseId());
  }
}
