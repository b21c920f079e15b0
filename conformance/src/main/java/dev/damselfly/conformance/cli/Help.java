package dev.damselfly.conformance.cli;

/// What `dfconf --help` says.
final class Help {
  static final String TEXT =
      """
      dfconf: does a program speak the Dragonfly v2 protocols as they are written?

        dfconf run --target target.yaml [--profile interop-2.5|hardened-1]
        dfconf list [--profile ...]

      The suite starts the program that the target file describes, plays everybody it talks to (manager, scheduler,
      parents, children, seeds, origin), and checks one behaviour per case. conformance/README.md explains the target
      file, the cases and the reports.

        --target FILE             the program under test
        --profile NAME            interop-2.5 (default): the wire rules; hardened-1: those and the security rules
        --only ID                 only this case, or all variants of it; may stand several times
        --role NAME               only cases about managers, schedulers or peers
        --replay FILE             run a failed case again, from its transcript: same case, profile and values
        --expected-failures FILE  YAML list of {id, reason}; a listed case that passes fails the run
        --output DIRECTORY        where result.json, junit.xml, report.html and transcripts go (dfconf-report)
        --patience SECONDS        how long a case waits for one event (30)
        --jobs N                  cases at once, each with a program of its own (1)
        --seed N                  where the values that cases choose come from (1)
        --quiet                   say nothing about cases that pass

      Exit codes
        0   nothing failed, apart from expected failures; unsupported parts are named in the claim
        1   a case failed, or passed although a failure was expected
        2   the command line, the target file or another file cannot be used
        3   a case could not be judged: the program did not start, or the suite broke
      """;

  private Help() {}
}
