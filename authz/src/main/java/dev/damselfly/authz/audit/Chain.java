package dev.damselfly.authz.audit;

import dev.damselfly.authz.audit.AuditRecord.Body;
import dev.damselfly.authz.audit.AuditRecord.Position;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// The end of the chain, and what comes next. Not thread-safe: its log guards it.
final class Chain {
  /// Sums of these keep a record under its bound (B-43), whatever the event holds.
  private static final int MAX_ACTOR = 2_080;
  private static final int MAX_OBJECT = 600;
  private static final int MAX_SHORT = 200;
  private static final int MAX_DETAIL = 4 * 1024;
  private static final int MAX_DETAIL_VALUE = 1_024;
  private static final int MAX_DETAILS = 64;
  private static final String CUT_KEY = "cut";

  private final AuditClock clock;
  private final String boot;
  private final long bootNanos;
  private long seq;
  private String head;

  Chain(AuditClock clock, String boot, long seq, String head) {
    this.clock = clock;
    this.boot = boot;
    this.bootNanos = clock.nanos().getAsLong();
    this.seq = seq;
    this.head = head;
  }

  /// A place in the chain to come back to.
  record Mark(long seq, String head) {}

  Mark mark() {
    return new Mark(seq, head);
  }

  void back(Mark mark) {
    seq = mark.seq();
    head = mark.head();
  }

  long nextSeq() {
    return seq + 1;
  }

  String boot() {
    return boot;
  }

  AuditRecord append(AuditEvent event) {
    var at = new Position(seq + 1, boot, clock.nanos().getAsLong() - bootNanos, clock.wallNanos(), clock.source());
    AuditRecord record = AuditRecord.chained(at, bodyOf(event), head);
    seq = at.seq();
    head = record.hash();
    return record;
  }

  private static Body bodyOf(AuditEvent event) {
    return new Body(
        event.action().wire(),
        AuditText.clip(event.actor(), MAX_ACTOR),
        AuditText.clip(event.object(), MAX_OBJECT),
        event.decision().name().toLowerCase(Locale.ROOT),
        AuditText.clip(event.reason(), MAX_SHORT),
        AuditText.clip(event.source(), MAX_SHORT),
        bounded(event.detail()));
  }

  /// As many members as fit, in the order of their keys; the number of the others stands under `cut`.
  private static SortedMap<String, String> bounded(Map<String, String> detail) {
    SortedMap<String, String> out = new TreeMap<>();
    int left = MAX_DETAIL - 32;
    int cut = 0;
    for (Map.Entry<String, String> entry : new TreeMap<>(detail).entrySet()) {
      String key = AuditText.clip(entry.getKey(), MAX_SHORT);
      String value = AuditText.clip(entry.getValue(), MAX_DETAIL_VALUE);
      var text = new StringBuilder();
      AuditText.quote(text, key);
      AuditText.quote(text, value);
      int cost = text.toString().getBytes(StandardCharsets.UTF_8).length + 2;
      if (out.size() >= MAX_DETAILS || cost > left || key.equals(CUT_KEY)) {
        cut++;
      } else {
        left -= cost;
        out.put(key, value);
      }
    }
    if (cut > 0) {
      out.put(CUT_KEY, Integer.toString(cut));
    }
    return out;
  }
}
