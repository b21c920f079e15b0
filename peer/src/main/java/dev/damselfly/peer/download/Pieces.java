package dev.damselfly.peer.download;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.store.StoredTask;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a session knows of its content: facts, attested digests, which pieces are held, wanted, and on their way.
/// Confined to the session's thread.
final class Pieces {
  private final StoredTask task;
  private final Map<Integer, Attestation> attested = new HashMap<>();
  private final BitSet attestedSet = new BitSet();
  private final BitSet held = new BitSet();
  private final BitSet wanted = new BitSet();
  private final BitSet inFlight = new BitSet();
  private boolean wantAll;
  private @Nullable PieceLayout layout;

  Pieces(StoredTask task) {
    this.task = task;
    task.records().forEach(piece -> held.set(piece.number().value()));
    task.facts().flatMap(ContentFacts::layout).ifPresent(known -> layout = known);
  }

  Optional<ContentFacts> facts() {
    return task.facts();
  }

  Optional<PieceLayout> layout() {
    return Optional.ofNullable(layout);
  }

  /// @throws dev.damselfly.api.error.RequestFailure ORIGIN_CHANGED when they contradict what is fixed
  void fix(ContentFacts facts) {
    task.fix(facts);
    facts.layout().ifPresent(known -> layout = known);
  }

  /// Wants these pieces until [#wantNothing].
  void want(Optional<ByteRange> range) {
    if (layout == null || range.isEmpty()) {
      wantAll = true;
    } else {
      of(range.get()).stream().forEach(wanted::set);
    }
  }

  boolean wantsAll() {
    return wantAll;
  }

  void wantNothing() {
    wantAll = false;
    wanted.clear();
  }

  /// Pieces that overlap a range of the known content; empty for empty content.
  BitSet of(ByteRange range) {
    var numbers = new BitSet();
    if (layout != null && layout.count() > 0) {
      numbers.set(layout.first(range).value(), layout.last(range).value() + 1);
    }
    return numbers;
  }

  /// All pieces of the known content.
  BitSet all() {
    var numbers = new BitSet();
    if (layout != null) {
      numbers.set(0, layout.count());
    }
    return numbers;
  }

  /// Wanted pieces that are neither held nor on their way.
  BitSet missing() {
    var missing = wantAll ? everything() : (BitSet) wanted.clone();
    missing.andNot(held);
    missing.andNot(inFlight);
    return missing;
  }

  /// Missing pieces that a parent may be asked for.
  BitSet askable() {
    BitSet askable = missing();
    askable.and(attestedSet);
    return askable;
  }

  private BitSet everything() {
    return layout == null ? (BitSet) attestedSet.clone() : all();
  }

  /// Something that is wanted is not held.
  boolean incomplete() {
    if (wantAll && layout == null) {
      return true;
    }
    BitSet missing = wantAll ? everything() : (BitSet) wanted.clone();
    missing.andNot(held);
    return !missing.isEmpty();
  }

  boolean holds(int number) {
    return held.get(number);
  }

  BitSet heldSet() {
    return (BitSet) held.clone();
  }

  Optional<Attestation> attestation(int number) {
    return Optional.ofNullable(attested.get(number));
  }

  /// Takes attestations; those that do not fit the content are ignored.
  ///
  /// @return held pieces that are not what was attested
  List<PieceNumber> attest(List<Attestation> pieces) {
    for (Attestation piece : pieces) {
      if (fits(piece)) {
        attested.put(piece.number().value(), piece);
        attestedSet.set(piece.number().value());
      }
    }
    return pieces.stream()
        .filter(piece -> held.get(piece.number().value()) && piece.equals(attested.get(piece.number().value())))
        .filter(piece -> task.record(piece.number()).filter(r -> !r.sha256().equals(piece.sha256())).isPresent())
        .map(Attestation::number)
        .toList();
  }

  private boolean fits(Attestation piece) {
    if (layout != null) {
      return piece.number().value() < layout.count() && layout.range(piece.number()).length() == piece.length();
    }
    return task.facts().isPresent() && piece.length() <= task.facts().get().pieceLength();
  }

  void started(int number) {
    inFlight.set(number);
  }

  void stopped(int number) {
    inFlight.clear(number);
  }

  void hold(PieceRecord piece) {
    held.set(piece.number().value());
  }

  /// Forgets attestation and content of these pieces.
  void quarantine(List<PieceNumber> numbers) {
    for (PieceNumber number : numbers) {
      attested.remove(number.value());
      attestedSet.clear(number.value());
      held.clear(number.value());
    }
    task.quarantine(numbers);
  }
}
