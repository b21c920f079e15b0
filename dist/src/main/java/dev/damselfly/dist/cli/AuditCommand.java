package dev.damselfly.dist.cli;

import dev.damselfly.authz.audit.AuditLog;
import dev.damselfly.authz.audit.AuditVerifier;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// `damselfly audit verify`: checks the hash chain and the signed heads of audit logs.
final class AuditCommand {
  private static final String KEYS = "-keys";

  private AuditCommand() {}

  /// @param words `verify`, then the log and key directories of one log; without them all logs of the embedded stack
  static ExitCode run(List<String> words, StateDir state, PrintStream out) throws CommandFailed {
    if (!words.getFirst().equals("verify") || words.size() == 2 || words.size() > 3) {
      throw new CommandFailed(ExitCode.USAGE, "audit verify takes nothing, or a LOG directory and its KEYS directory");
    }
    boolean clean = true;
    for (AuditLog.Place place : places(words, state)) {
      clean &= verify(place, out);
    }
    return clean ? ExitCode.OK : ExitCode.UNVERIFIED;
  }

  private static List<AuditLog.Place> places(List<String> words, StateDir state) throws CommandFailed {
    if (words.size() == 3) {
      return List.of(new AuditLog.Place(Path.of(words.get(1)).toAbsolutePath(), Path.of(words.get(2)).toAbsolutePath()));
    }
    var places = new ArrayList<AuditLog.Place>();
    try (var entries = Files.list(state.audit())) {
      for (Path log : entries.sorted().toList()) {
        if (!log.toString().endsWith(KEYS)) {
          places.add(new AuditLog.Place(log, log.resolveSibling(log.getFileName() + KEYS)));
        }
      }
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.UNAVAILABLE, "there is no audit log in " + state.audit());
    }
    return places;
  }

  private static boolean verify(AuditLog.Place place, PrintStream out) throws CommandFailed {
    try {
      AuditVerifier.Report report = AuditLog.verify(place);
      out.println(
          place.log() + ": " + report.records() + " records, signed through " + report.signedThrough()
              + (report.isClean() ? ", chain intact" : ", " + report.faults() + " FINDINGS"));
      for (AuditVerifier.Finding finding : report.findings()) {
        out.println("  " + finding.fault() + " in " + finding.file() + ", line " + finding.line() + ", record " + finding.seq());
      }
      return report.isClean();
    } catch (IOException | UncheckedIOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the audit log cannot be read: " + place.log());
    }
  }
}
