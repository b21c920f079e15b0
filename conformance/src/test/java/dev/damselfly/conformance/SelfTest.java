package dev.damselfly.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.conformance.cli.AllCases;
import dev.damselfly.conformance.reference.Contrarian;
import dev.damselfly.conformance.reference.Fault;
import dev.damselfly.conformance.reference.ReferenceTarget;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Outcome;
import dev.damselfly.conformance.suite.Profile;
import dev.damselfly.conformance.suite.Result;
import dev.damselfly.conformance.suite.Runner;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Proves the suite on the reference program.
class SelfTest {
  @TempDir Path work;

  @Test
  @Timeout(300)
  void interop_passesOnTheReference() throws Exception {
    List<Result> results = Runs.run(new ReferenceTarget(false, Set.of()), Runner.select(AllCases.all(), Profile.INTEROP), 30, work);

    assertThat(Runs.notPassed(results)).as(() -> Runs.details(results)).isEmpty();
  }

  @Test
  @Timeout(300)
  void hardened_passesOnTheReference() throws Exception {
    List<Result> results = Runs.run(new ReferenceTarget(true, Set.of()), Runner.select(AllCases.all(), Profile.HARDENED), 30, work);

    assertThat(Runs.notPassed(results)).as(() -> Runs.details(results)).isEmpty();
  }

  @Test
  @Timeout(600)
  void refusingEverything_passesNothing() throws Exception {
    assertThat(passed(false)).isEmpty();
  }

  @Test
  @Timeout(600)
  void acceptingEverything_passesNothing() throws Exception {
    assertThat(passed(true)).isEmpty();
  }

  /// Over both transports.
  private Set<String> passed(boolean accepts) throws InterruptedException {
    var results = new java.util.ArrayList<Result>();
    results.addAll(Runs.run(new Contrarian(accepts, false), Runner.select(AllCases.all(), Profile.INTEROP), 2, work));
    results.addAll(Runs.run(new Contrarian(accepts, true), Runner.select(AllCases.all(), Profile.HARDENED), 2, work));
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
            .map(Case::id)
            .filter(id -> !found.contains(id) && !id.endsWith("/plain"))
            .collect(Collectors.toSet());

    assertThat(without).isEmpty();
  }

  @ParameterizedTest
  @Execution(ExecutionMode.CONCURRENT)
  @EnumSource(Fault.class)
  @Timeout(300)
  void fault_isFoundByItsCaseAndNoneBesideIt(Fault fault) throws Exception {
    Case meant = Runs.meantBy(fault);
    String family = meant.id().substring(0, meant.id().indexOf('/') + 1);
    List<Case> beside = Runs.casesFor(meant).stream().filter(one -> one.id().startsWith(family)).toList();

    List<Result> results = Runs.run(new ReferenceTarget(Runs.isSecure(meant), Set.of(fault)), beside, 30, work);

    assertThat(Runs.notPassed(results)).as(() -> Runs.details(results)).containsExactly(fault.caseId());
  }
}
