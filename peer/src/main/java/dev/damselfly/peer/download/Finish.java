package dev.damselfly.peer.download;

import dev.damselfly.api.id.Digest;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.store.StoredTask;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Step 8 in words: what the content was verified against. Pure.
///
/// The caller does not wait until the cache is durable: it makes its own copy durable, and what the cache loses in a
/// crash is fetched again.
final class Finish {
  /// Name of the note that keeps the digest which the whole content was found to have.
  static final String DIGEST_NOTE = "whole-digest";

  private static final int MAX_LINES = 8;

  private Finish() {}

  static DownloadListener.Finished of(StoredTask task, Interest interest, Duration elapsed) {
    List<PieceRecord> pieces = task.records();
    long length = task.facts().flatMap(facts -> facts.layout()).map(layout -> layout.contentLength()).orElse(0L);
    return new DownloadListener.Finished(
        length,
        interest.sources(),
        elapsed,
        interest.parents(),
        verifiedAgainst(interest.digest().map(Digest::toString).orElse(""), pieces),
        interest.digest().map(Digest::toString).orElse(""));
  }

  /// Most significant first: the digest of everything, then whose word the pieces have.
  static List<String> verifiedAgainst(String digest, List<PieceRecord> pieces) {
    Map<String, Integer> byWord = new TreeMap<>();
    pieces.forEach(piece -> byWord.merge(piece.verifiedAgainst(), 1, Integer::sum));
    var lines = new ArrayList<String>();
    if (!digest.isEmpty()) {
      lines.add("whole content: " + digest);
    }
    byWord.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
        .limit(MAX_LINES)
        .forEach(word -> lines.add(word.getValue() + (word.getValue() == 1 ? " piece " : " pieces ") + word.getKey()));
    return List.copyOf(lines);
  }

  static AuditEvent mismatch(StoredTask task, Interest interest) {
    return new AuditEvent(
        AuditAction.DIGEST_MISMATCH,
        interest.caller.actor(),
        "task:" + task.id(),
        AuditEvent.Decision.FAILED,
        "DIGEST_MISMATCH",
        "local",
        Map.of("expected", interest.digest().map(Digest::toString).orElse("")));
  }
}
