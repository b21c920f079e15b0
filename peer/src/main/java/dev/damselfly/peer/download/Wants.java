package dev.damselfly.peer.download;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// What a session registers for: the hull of what its callers want. A range says that the host will not have everything
/// and that nobody can count on it for the rest; which pieces it wants to read itself is said with each demand.
///
/// @param hull absent: the whole content
record Wants(boolean anything, Optional<ByteRange> hull, boolean mayUseOrigin) {
  static final Wants NOTHING = new Wants(false, Optional.empty(), false);

  /// @param length of the content, when known: who reads a part of it will read others, and registers for all of them
  static Wants of(List<Interest> callers, OptionalLong length) {
    if (callers.isEmpty()) {
      return NOTHING;
    }
    boolean origin = callers.stream().anyMatch(caller -> caller.asked.mayUseOrigin());
    if (callers.stream().anyMatch(caller -> caller.range().isEmpty())) {
      return new Wants(true, Optional.empty(), origin);
    }
    if (length.orElse(0) > 0) {
      return new Wants(true, Optional.of(new ByteRange(0, length.getAsLong())), origin);
    }
    long start = callers.stream().mapToLong(caller -> caller.range().get().start()).min().getAsLong();
    long end = callers.stream().mapToLong(caller -> caller.range().get().end()).max().getAsLong();
    return new Wants(true, Optional.of(new ByteRange(start, end - start)), origin);
  }

  /// Whether the host may speak for the content: a caller may use the origin, or nobody wants anything, so that there is
  /// nothing to lease, and the host read some of what it holds from the origin before.
  boolean mayAttest(List<PieceRecord> held) {
    return mayUseOrigin || (!anything && held.stream().anyMatch(piece -> piece.source() instanceof PieceSource.Origin));
  }

  /// A registration for this also serves the other.
  boolean covers(Wants other) {
    boolean range =
        hull.isEmpty()
            || (other.hull.isPresent()
                && hull.get().start() <= other.hull.get().start()
                && hull.get().end() >= other.hull.get().end());
    return !other.anything || (anything && range && (mayUseOrigin || !other.mayUseOrigin));
  }
}
