package dev.damselfly.peer.download;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.time.Timer;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One caller's part in a session: what it wants, what it got, from where. Confined to the session's thread, but for
/// the final fields.
final class Interest {
  final Admission asked;
  final LocalCaller caller;
  final DownloadListener listener;
  final long startedNanos;
  private final Optional<ContentFacts> facts;
  private final Map<Integer, Sources> counted = new HashMap<>();
  private final Set<String> parents = new HashSet<>();
  private final BitSet pending = new BitSet();
  private Sources sources = Sources.NONE;
  private Timer.@Nullable Alarm deadline;
  private boolean resolved;
  private boolean comparing;
  private boolean over;

  Interest(Admission asked, LocalCaller caller, DownloadListener listener, Optional<ContentFacts> facts, long startedNanos) {
    this.asked = asked;
    this.caller = caller;
    this.listener = listener;
    this.facts = facts;
    this.startedNanos = startedNanos;
  }

  /// What the origin told this caller; absent when it was not asked.
  Optional<ContentFacts> facts() {
    return facts;
  }

  void until(Timer.Alarm alarm) {
    deadline = alarm;
  }

  Optional<ByteRange> range() {
    return asked.range();
  }

  Optional<Digest> digest() {
    return asked.digest();
  }

  /// The pieces are known: waits for these.
  void resolve(BitSet numbers) {
    if (!resolved) {
      resolved = true;
      numbers.stream().filter(number -> !counted.containsKey(number)).forEach(pending::set);
    }
  }

  boolean isResolved() {
    return resolved;
  }

  /// Counts a held piece and tells the caller, if it is one of the wanted.
  ///
  /// @param fromCache it was held before the caller asked
  void held(PieceRecord piece, boolean fromCache) {
    int number = piece.number().value();
    if (over || counted.containsKey(number) || (resolved && !pending.get(number))) {
      return;
    }
    long bytes = overlap(piece.range());
    if (bytes == 0) {
      return; // outside the wanted range
    }
    Sources part = fromCache ? new Sources(0, 0, bytes, 0) : by(piece.source(), bytes);
    counted.put(number, part);
    sources = sources.plus(part);
    pending.clear(number);
    if (!fromCache) {
      parentOf(piece.source()).ifPresent(parents::add);
    }
    listener.held(piece.number());
  }

  private static Optional<String> parentOf(PieceSource source) {
    return switch (source) {
      case PieceSource.Origin _ -> Optional.empty();
      case PieceSource.Parent parent -> Optional.of(parent.spiffeId());
      case PieceSource.Legacy legacy -> Optional.of(legacy.address());
    };
  }

  private static Sources by(PieceSource source, long bytes) {
    return switch (source) {
      case PieceSource.Origin _ -> new Sources(bytes, 0, 0, 0);
      case PieceSource.Parent _ -> new Sources(0, bytes, 0, 0);
      case PieceSource.Legacy _ -> new Sources(0, 0, 0, bytes);
    };
  }

  private long overlap(ByteRange piece) {
    if (range().isEmpty()) {
      return piece.length();
    }
    ByteRange wanted = range().get();
    return Math.max(0, Math.min(piece.end(), wanted.end()) - Math.max(piece.start(), wanted.start()));
  }

  /// The piece was withdrawn and will come again.
  void withdrawn(PieceNumber number) {
    Sources part = counted.remove(number.value());
    if (part != null) {
      sources = sources.minus(part);
      if (resolved) {
        pending.set(number.value());
      }
    }
  }

  boolean hasEverything() {
    return !over && resolved && pending.isEmpty();
  }

  /// @return true for the first call since the last piece came
  boolean beginComparing() {
    boolean first = !comparing;
    comparing = true;
    return first;
  }

  void comparedInVain() {
    comparing = false;
  }

  Sources sources() {
    return sources;
  }

  int parents() {
    return parents.size();
  }

  boolean isOver() {
    return over;
  }

  void progress() {
    if (!over) {
      listener.progress(sources, parents.size());
    }
  }

  /// Ends without telling: the caller left.
  void forget() {
    over = true;
    if (deadline != null) {
      deadline.cancel();
    }
  }

  void finish(DownloadListener.Finished finished) {
    if (!over) {
      forget();
      listener.finished(finished);
    }
  }

  void fail(RequestFailure failure, Hop hop) {
    if (!over) {
      forget();
      listener.failed(failure, hop);
    }
  }
}
