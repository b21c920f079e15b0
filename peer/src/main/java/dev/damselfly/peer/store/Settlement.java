package dev.damselfly.peer.store;

import dev.damselfly.api.id.PieceNumber;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What becomes of changes that were applied: which pieces the disk keeps, which it lost. Not thread-safe.
final class Settlement {
  private static final System.Logger LOG = System.getLogger(Settlement.class.getName());

  private final List<Change> changes;
  private final List<Change.AddPiece> lost = new ArrayList<>();
  private final List<Change> outcome = new ArrayList<>();

  private Settlement(List<Change> changes) {
    this.changes = changes;
  }

  /// Forces each file of the changes once. Tasks forget the pieces of a file that failed; their places stay blocked.
  static Settlement force(List<Change> changes) {
    var settlement = new Settlement(changes);
    settlement.divide(settlement.broken());
    return settlement;
  }

  private Set<ContentFile> broken() {
    var seen = new HashSet<ContentFile>();
    var broken = new HashSet<ContentFile>();
    for (Change change : changes) {
      if (change instanceof Change.AddPiece piece && seen.add(piece.file())) {
        try {
          piece.file().force();
        } catch (IOException e) {
          LOG.log(System.Logger.Level.WARNING, "content could not be made durable; its newest pieces are dropped", e);
          broken.add(piece.file());
        }
      }
    }
    return broken;
  }

  private void divide(Set<ContentFile> broken) {
    Map<Long, Change.Forced> byTask = new LinkedHashMap<>();
    for (Change change : changes) {
      if (change instanceof Change.AddPiece piece) {
        var task = byTask.computeIfAbsent(piece.task(), key -> new Change.Forced(key, new ArrayList<>(), new ArrayList<>()));
        PieceNumber number = piece.piece().number();
        if (broken.contains(piece.file())) {
          piece.owner().lose(piece.file(), piece.piece());
          lost.add(piece);
          task.lost().add(number);
        } else {
          task.kept().add(number);
        }
      }
    }
    outcome.addAll(byTask.values());
  }

  /// To be applied before the changes are settled; empty when they bring no piece.
  List<Change> outcome() {
    return outcome;
  }

  /// All of it is durable: places of dropped pieces are free for others.
  void done() {
    for (Change change : changes) {
      if (change instanceof Change.DropPieces drop) {
        drop.owner().unblock(drop.numbers());
      }
    }
    lost.forEach(piece -> piece.owner().unblock(List.of(piece.piece().number())));
  }
}
