package dev.damselfly.authz.audit;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.audit.AuditReader.Item;
import java.io.IOException;
import java.io.InputStream;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Checks a log from its first record to its last, with memory that does not grow with the log. Stateless, thread-safe.
public final class AuditVerifier {
  /// Findings that are kept; the count goes on.
  private static final int MAX_FINDINGS = 1_000;

  /// Records without a signed head between them that one process can write.
  private static final long LONGEST_UNSIGNED = 2_000;

  private final Map<String, PublicKey> keys;

  /// @param keys public parts of all head keys that were ever in use
  public AuditVerifier(Collection<PublicKey> keys) {
    Map<String, PublicKey> byId = new HashMap<>();
    keys.forEach(key -> byId.put(HeadKey.idOf(key), key));
    this.keys = Map.copyOf(byId);
  }

  /// One file of the log.
  public record Source(String name, Content content) {}

  /// Opens a file from its start.
  @FunctionalInterface
  public interface Content {
    InputStream open() throws IOException;
  }

  /// What can be wrong.
  public enum Fault {
    /// A line is no record.
    NOT_A_RECORD,
    /// A record was changed.
    HASH,
    /// Records before this one were removed, added or reordered.
    ORDER,
    /// A record is linked to another past.
    LINK,
    /// A run begins without `process.start`.
    START_MISSING,
    /// A signature in the log does not fit, or its key is not known.
    SIGNATURE,
    /// A signed head says that this record had another hash: two histories, or a chain computed anew.
    FORK,
    /// Too many records without a signed head.
    UNSIGNED,
    /// A file that is not the last does not end with `audit.rotate`.
    ROTATION,
    /// A signed head lies behind the end, or a log that should be closed has no signed end.
    TRUNCATED
  }

  /// @param file name of the source
  /// @param line in the file, from 1; 0 when a whole file is meant
  /// @param seq of the record; 0 when none could be read
  public record Finding(Fault fault, String file, long line, long seq) {}

  /// @param records lines that are records
  /// @param signedThrough newest record that a valid signature covers; 0 for none
  /// @param faults number of findings, also of those that are not kept
  public record Report(long records, long lastSeq, long signedThrough, long faults, List<Finding> findings) {
    public boolean isClean() {
      return faults == 0;
    }
  }

  /// @param sources all files, oldest first
  /// @param heads of the second place, oldest first; may be empty
  /// @param running the log is still written: it has no signed end yet
  public Report verify(List<Source> sources, Iterator<SignedHead> heads, boolean running) throws IOException {
    var run = new Run(heads);
    for (int i = 0; i < sources.size(); i++) {
      run.file(sources.get(i), i == sources.size() - 1);
    }
    run.end(sources.isEmpty() ? "" : sources.getLast().name(), running);
    return run.report();
  }

  private final class Run {
    private final Iterator<SignedHead> heads;
    private final List<Finding> findings = new ArrayList<>();
    private Optional<SignedHead> nextHead;
    private long faults;
    private long records;
    private long signedThrough;
    private long lastSigned;
    private @Nullable AuditRecord last;
    private @Nullable AuditRecord beforeLast;
    private String file = "";
    private long line;

    Run(Iterator<SignedHead> heads) {
      this.heads = heads;
      this.nextHead = advance();
    }

    void file(Source source, boolean isLast) throws IOException {
      file = source.name();
      line = 0;
      try (AuditReader reader = new AuditReader(source.content().open())) {
        for (Optional<Item> next = reader.next(); next.isPresent(); next = reader.next()) {
          line = next.get().number();
          switch (next.get()) {
            case Item.Fault _ -> found(Fault.NOT_A_RECORD, 0);
            case Item.Line item -> record(item.record());
          }
        }
      }
      line = 0;
      if (!isLast && !is(last, AuditAction.AUDIT_ROTATE)) {
        found(Fault.ROTATION, seqOf(last));
      }
    }

    private void record(AuditRecord record) {
      records++;
      long seq = record.at().seq();
      if (!record.isIntact()) {
        found(Fault.HASH, seq);
      }
      if (seq != seqOf(last) + 1) {
        found(Fault.ORDER, seq);
      }
      if (!record.prev().equals(last == null ? AuditRecord.GENESIS : last.hash())) {
        found(Fault.LINK, seq);
      }
      boolean newRun = last == null || !last.at().boot().equals(record.at().boot());
      if (newRun && !is(record, AuditAction.PROCESS_START)) {
        found(Fault.START_MISSING, seq);
      }
      compare(record);
      checkpoint(record);
      beforeLast = last;
      last = record;
    }

    /// Heads of the second place are in order, as records are, so one look-ahead is enough.
    private void compare(AuditRecord record) {
      while (nextHead.isPresent() && nextHead.get().seq() <= record.at().seq()) {
        SignedHead head = nextHead.get();
        if (!isGenuine(head)) {
          found(Fault.SIGNATURE, head.seq());
        } else if (head.seq() != record.at().seq() || !head.hash().equals(record.hash())) {
          found(Fault.FORK, head.seq());
        } else {
          signedThrough = Math.max(signedThrough, head.seq());
        }
        nextHead = advance();
      }
    }

    private void checkpoint(AuditRecord record) {
      long seq = record.at().seq();
      if (!is(record, AuditAction.AUDIT_CHECKPOINT)) {
        if (seq - lastSigned > LONGEST_UNSIGNED) {
          found(Fault.UNSIGNED, seq);
          lastSigned = seq;
        }
        return;
      }
      Optional<SignedHead> head = headIn(record);
      if (head.isEmpty() || !isGenuine(head.get())) {
        found(Fault.SIGNATURE, seq);
      } else if (head.get().seq() != seqOf(last) || !head.get().hash().equals(last == null ? "" : last.hash())) {
        found(Fault.FORK, seq);
      } else {
        signedThrough = Math.max(signedThrough, head.get().seq());
      }
      lastSigned = seq;
    }

    void end(String name, boolean running) {
      file = name;
      if (nextHead.isPresent()) {
        found(Fault.TRUNCATED, nextHead.get().seq());
      }
      boolean ended = is(last, AuditAction.AUDIT_CHECKPOINT) && is(beforeLast, AuditAction.PROCESS_STOP);
      if (!running && !ended) {
        found(Fault.TRUNCATED, seqOf(last));
      }
    }

    Report report() {
      return new Report(records, seqOf(last), signedThrough, faults, List.copyOf(findings));
    }

    private Optional<SignedHead> advance() {
      return heads.hasNext() ? Optional.of(heads.next()) : Optional.empty();
    }

    private boolean isGenuine(SignedHead head) {
      @Nullable PublicKey key = keys.get(head.keyId());
      return key != null && HeadKey.verify(key, head);
    }

    private void found(Fault fault, long seq) {
      faults++;
      if (findings.size() < MAX_FINDINGS) {
        findings.add(new Finding(fault, file, line, seq));
      }
    }
  }

  private static Optional<SignedHead> headIn(AuditRecord record) {
    Map<String, String> facts = record.body().detail();
    try {
      return Optional.of(
          SignedHead.parse(
              String.join(" ", facts.getOrDefault("seq", ""), facts.getOrDefault("head", ""),
                  facts.getOrDefault("key", ""), facts.getOrDefault("sig", ""))));
    } catch (InvalidValue e) {
      return Optional.empty();
    }
  }

  private static boolean is(@Nullable AuditRecord record, AuditAction action) {
    return record != null && record.body().action().equals(action.wire());
  }

  private static long seqOf(@Nullable AuditRecord record) {
    return record == null ? 0 : record.at().seq();
  }
}
