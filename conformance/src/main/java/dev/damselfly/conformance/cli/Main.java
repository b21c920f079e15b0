package dev.damselfly.conformance.cli;

import dev.damselfly.conformance.report.Reports;
import dev.damselfly.conformance.report.Summary;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.ExpectedFailures;
import dev.damselfly.conformance.suite.Outcome;
import dev.damselfly.conformance.suite.Profile;
import dev.damselfly.conformance.suite.Result;
import dev.damselfly.conformance.suite.Runner;
import dev.damselfly.conformance.target.DescribedTarget;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// `dfconf`: reads a target file, runs the cases of a profile, writes the reports.
public final class Main {
  static final int USAGE = 2;
  static final int NOT_JUDGED = 3;
  private static final Duration CASE_LIMIT = Duration.ofMinutes(5);
  private static final int SHOWN_BYTES = 160;

  private final PrintStream out;
  private final PrintStream err;
  private final Path start;

  /// @param start directory that relative paths of the command line count from
  Main(PrintStream out, PrintStream err, Path start) {
    this.out = out;
    this.err = err;
    this.start = start;
  }

  public static void main(String[] args) throws InterruptedException {
    Path start = Path.of(System.getProperty("dfconf.directory", ""));
    System.exit(new Main(System.out, System.err, start.toAbsolutePath()).run(List.of(args)));
  }

  int run(List<String> words) throws InterruptedException {
    Flags flags;
    try {
      flags = Flags.parse(words);
    } catch (Flags.Unusable e) {
      err.println("dfconf: " + e.getMessage());
      err.println("Try 'dfconf --help'.");
      return USAGE;
    }
    return switch (flags.command()) {
      case HELP -> {
        out.print(Help.TEXT);
        yield 0;
      }
      case LIST -> {
        list(flags);
        yield 0;
      }
      case RUN -> execute(flags);
    };
  }

  private void list(Flags flags) {
    for (Case one : flags.chosen(AllCases.all())) {
      out.printf("%-24s %-4s %-9s %-9s %s%n", one.id(), one.behaviour(), one.level().text(), one.role().text(), one.title());
    }
  }

  private int execute(Flags flags) throws InterruptedException {
    List<Case> cases;
    DescribedTarget target;
    ExpectedFailures expected;
    try {
      flags = flags.replayed(start);
      cases = flags.chosen(AllCases.all());
      target = DescribedTarget.read(start.resolve(flags.target()));
      Set<String> known = AllCases.all().stream().map(Case::id).collect(Collectors.toSet());
      expected =
          flags.expected().isEmpty() ? ExpectedFailures.NONE : ExpectedFailures.read(start.resolve(flags.expected()), known);
    } catch (IOException e) {
      err.println("dfconf: " + e.getMessage());
      return USAGE;
    }
    if (cases.isEmpty()) {
      err.println("dfconf: no case of the profile has this id");
      return USAGE;
    }
    try {
      return judge(flags, target, expected, cases);
    } catch (IOException e) {
      err.println("dfconf: the reports cannot be written: " + e.getMessage());
      return NOT_JUDGED;
    }
  }

  private int judge(Flags flags, DescribedTarget target, ExpectedFailures expected, List<Case> cases)
      throws IOException, InterruptedException {
    Path work = Files.createTempDirectory("dfc");
    Consumer<Result> heard = result -> line(flags, result);
    var options = new Runner.Options(flags.patience(), CASE_LIMIT, flags.jobs(), flags.seed(), work);
    List<Result> results = new Runner(target, expected, options, heard).run(cases);
    var summary = new Summary(AllCases.VERSION, target.name(), flags.profile(), flags.seed(), replay(flags), results);
    Path directory = start.resolve(flags.output());
    Reports.write(summary, directory);
    results.stream().filter(Result::isSurprise).forEach(result -> explain(flags, directory, result));
    out.printf("%s, %s: %s %s%n", target.name(), flags.profile().text(), summary.claim(), summary.counts());
    out.printf("reports: %s%n", directory);
    removeIfEmpty(work);
    return summary.exitCode();
  }

  private static void removeIfEmpty(Path work) throws IOException {
    try (var left = Files.list(work)) {
      if (left.findAny().isPresent()) {
        return;
      }
    }
    Files.delete(work);
  }

  private static String replay(Flags flags) {
    return "dfconf run --target " + flags.target() + " --replay";
  }

  private void line(Flags flags, Result result) {
    String note =
        switch (result.outcome()) {
          case Outcome.Unsupported(String need) -> " (needs " + need + ")";
          case Outcome.Broken(String text) -> " (" + text + ")";
          case Outcome.Failed(String rule, String expected, String seen) -> " (" + rule + ")";
          case Outcome.Passed _ -> result.isUnexpectedPass() ? " (is listed as an expected failure)" : "";
        };
    if (!flags.quiet() || !(result.outcome() instanceof Outcome.Passed)) {
      out.printf("%-11s %-24s %s%s%n", result.outcome().text(), result.which().id(), result.which().title(), note);
    }
  }

  private void explain(Flags flags, Path directory, Result result) {
    if (!(result.outcome() instanceof Outcome.Failed failed)) {
      return;
    }
    out.printf("%n%s  %s%n  clause   %s%n", result.which().id(), result.which().title(), result.which().clause());
    out.printf("  rule     %s%n  expected %s%n  saw      %s%n", failed.rule(), failed.expected(), failed.seen());
    for (var entry : result.transcript().subList(Math.max(0, result.transcript().size() - 8), result.transcript().size())) {
      String hex = entry.hex().length() > SHOWN_BYTES ? entry.hex().substring(0, SHOWN_BYTES) + "..." : entry.hex();
      out.printf("  %6d ms %-10s %s %s%n", entry.millis(), entry.from(), entry.what(), hex);
    }
    out.printf("  replay   %s %s%n", replay(flags), directory.resolve(Summary.transcriptName(result)));
  }
}
