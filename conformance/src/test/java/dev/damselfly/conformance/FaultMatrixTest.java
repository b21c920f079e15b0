package dev.damselfly.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.conformance.reference.Fault;
import dev.damselfly.conformance.reference.ReferenceTarget;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Result;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each fault against all cases of its role; some minutes long.
@Tag("real")
class FaultMatrixTest {
  @TempDir Path work;

  @ParameterizedTest
  @Execution(ExecutionMode.CONCURRENT)
  @EnumSource(Fault.class)
  @Timeout(600)
  void fault_isFoundByItsCaseAndNoOther(Fault fault) throws Exception {
    Case meant = Runs.meantBy(fault);

    List<Result> results = Runs.run(new ReferenceTarget(Runs.isSecure(meant), Set.of(fault)), Runs.casesFor(meant), 30, work);

    assertThat(Runs.notPassed(results)).as(() -> Runs.details(results)).containsExactly(fault.caseId());
  }
}
