package dev.damselfly.peer.store;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What is known about one task, and who works on which piece. In memory only; not thread-safe, [TaskContent] guards it.
final class TaskState {
  private final Map<PieceNumber, IncomingPiece> claims = new HashMap<>();

  /// How many drops that are not durable yet block a place.
  private final Map<PieceNumber, Integer> blocked = new HashMap<>();
  private final Map<PieceNumber, Integer> readers = new HashMap<>();
  private final Map<String, String> digests;
  private ContentFile file;
  private @Nullable ContentFacts facts;
  private PieceTable table;
  private boolean discarding;
  private boolean lost;
  private long charge;
  private long epoch;

  TaskState(TaskRow row, ContentFile file, PieceTable table) {
    this.file = file;
    this.table = table;
    this.facts = row.facts().orElse(null);
    this.charge = row.charge();
    this.digests = new HashMap<>(row.digests());
  }

  ContentFile file() {
    return file;
  }

  Optional<ContentFacts> facts() {
    return Optional.ofNullable(facts);
  }

  PieceTable table() {
    return table;
  }

  /// Reserved bytes: the content length when it is known, else what is held.
  long charge() {
    return charge;
  }

  /// Changes whenever a held piece goes away.
  long epoch() {
    return epoch;
  }

  boolean complete() {
    return facts().flatMap(ContentFacts::layout).filter(l -> l.count() == table.count()).isPresent();
  }

  /// @return false when the wanted facts say nothing new
  /// @throws Refused ORIGIN_CHANGED when they contradict what is fixed
  boolean bringsNews(ContentFacts wanted) {
    var fixed = facts;
    if (fixed == null) {
      return true;
    }
    if (fixed.contradicts(wanted)) {
      throw new Refused(Reason.ORIGIN_CHANGED, "the origin describes other content than when this task started");
    }
    return fixed.contentLength().isEmpty() && wanted.contentLength().isPresent();
  }

  /// @throws Refused ORIGIN_CHANGED when held pieces do not fit, LIMIT_EXCEEDED for too many pieces
  void requireFits(ContentFacts wanted) {
    try {
      var layout = wanted.layout();
      if (layout.isPresent() && !table.fits(layout.get())) {
        throw new Refused(Reason.ORIGIN_CHANGED, "held pieces do not fit the content length");
      }
    } catch (InvalidValue e) {
      throw new Refused(Reason.LIMIT_EXCEEDED, "content length: " + e.rule());
    }
  }

  ContentFacts fix(ContentFacts wanted) {
    var fixed = facts;
    var now = fixed == null ? wanted : fixed.withLength(wanted.contentLength().orElseThrow());
    charge = now.contentLength().orElse(charge);
    facts = now;
    return now;
  }

  /// The answer to a claim that gives no right to write.
  Optional<Claim> taken(PieceNumber number) {
    var held = table.find(number);
    if (held.isPresent()) {
      return Optional.of(new Claim.Held(held.get()));
    }
    boolean busy =
        discarding || claims.containsKey(number) || blocked.containsKey(number) || readers.containsKey(number);
    return busy ? Optional.of(new Claim.Busy()) : Optional.empty();
  }

  /// Where a piece belongs.
  ///
  /// @param exact it has exactly this length; else at most
  record Place(ByteRange range, boolean exact) {
    /// Bytes to reserve for this piece alone.
    long room() {
      return exact ? 0 : range.length();
    }
  }

  /// @throws InvalidValue when the content has no such piece
  Place placeOf(PieceNumber number) {
    var fixed = facts;
    if (fixed == null) {
      throw new Refused(Reason.WRONG_STATE, "the origin's facts are not known yet");
    }
    return fixed
        .layout()
        .map(layout -> new Place(layout.range(number), true))
        .orElseGet(() -> new Place(new ByteRange(number.value() * fixed.pieceLength(), fixed.pieceLength()), false));
  }

  void claimed(IncomingPiece piece) {
    claims.put(piece.number(), piece);
  }

  void released(IncomingPiece piece) {
    claims.remove(piece.number(), piece);
  }

  /// @return bytes of its reservation that it keeps
  long committed(VerifiedPiece proof) {
    var incoming = proof.incoming();
    var record = proof.record();
    if (!incoming.stands(proof) || claims.get(record.number()) != incoming) {
      throw new Refused(Reason.WRONG_STATE, "the proof is not of this task's piece as it is now");
    }
    var place = placeOf(record.number());
    if (place.exact() && !place.range().equals(record.range())) {
      throw new Refused(Reason.ORIGIN_CHANGED, "the piece does not fit the content length");
    }
    claims.remove(record.number());
    table.add(record);
    long kept = Math.min(incoming.room(), place.exact() ? 0 : record.range().length());
    charge += kept;
    return kept;
  }

  /// Forgets held pieces; their places stay blocked.
  ///
  /// @return what was held
  List<PieceNumber> remove(List<PieceNumber> numbers) {
    var removed = new ArrayList<PieceNumber>();
    for (PieceNumber number : numbers) {
      if (table.remove(number) > 0) {
        removed.add(number);
        block(number);
      }
    }
    if (!removed.isEmpty()) {
      epoch++;
      digests.clear();
    }
    return removed;
  }

  /// Lowers the charge to what is held while the length is unknown.
  ///
  /// @return bytes that became free
  long shrink() {
    if (facts().flatMap(ContentFacts::layout).isPresent()) {
      return 0;
    }
    long freed = charge - table.bytes();
    charge = table.bytes();
    return freed;
  }

  void block(PieceNumber number) {
    blocked.merge(number, 1, Integer::sum);
  }

  /// One drop of each of them is durable.
  void unblock(List<PieceNumber> numbers) {
    numbers.forEach(number -> blocked.computeIfPresent(number, (_, count) -> count == 1 ? null : count - 1));
  }

  void lost() {
    lost = true;
  }

  /// Whether a committed piece was lost since the last question.
  boolean takeLost() {
    boolean was = lost;
    lost = false;
    return was;
  }

  /// Forgets content and facts. Nothing can be claimed until [#restart].
  void discard() {
    discarding = true;
    epoch++;
    table = new PieceTable();
    claims.clear();
    facts = null;
    charge = 0;
    digests.clear();
  }

  void restart(ContentFile fresh) {
    file = fresh;
    discarding = false;
  }

  void reading(PieceNumber number) {
    readers.merge(number, 1, Integer::sum);
  }

  void readingEnded(PieceNumber number) {
    readers.computeIfPresent(number, (_, count) -> count == 1 ? null : count - 1);
  }

  Optional<String> digest(String algorithm) {
    return Optional.ofNullable(digests.get(algorithm));
  }

  void digest(String algorithm, String value) {
    digests.put(algorithm, value);
  }

  /// The next piece of the contiguous prefix, if it is held.
  Optional<PieceRecord> next(int index) {
    return index < table.prefix() ? table.find(new PieceNumber(index)) : Optional.empty();
  }
}
