package dev.damselfly.peer.store;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Brings records and files together when the store is opened: records without bytes and files without records go.
///
/// A piece that was not forced when the last process ended may have any bytes after a loss of power. It is held to its
/// record once more.
final class Recovery {
  private static final int CHUNK = 1 << 20;
  private static final System.Logger LOG = System.getLogger(Recovery.class.getName());

  private final Path content;
  private final Disk disk;
  private final Metadata metadata;
  private final ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
  private long keptPieces;
  private long lostPieces;

  Recovery(Path content, Disk disk, Metadata metadata) {
    this.content = content;
    this.disk = disk;
    this.metadata = metadata;
  }

  /// @return the tasks whose records are true
  List<TaskRow> run() throws IOException {
    var rows = metadata.tasks();
    var wanted = new HashSet<Path>();
    boolean changed = false;
    for (TaskRow row : rows) {
      Path file = Shelf.pathOf(content, row.tuple().id(), row.restricted());
      long size = ownSize(file);
      if (row.heldEnd() > size) {
        metadata.dropPiecesBeyond(row.key(), size);
        changed = true;
      }
      if (size > 0) {
        wanted.add(file);
        changed |= dropFalse(row.key(), new ContentFile(disk, file));
      }
    }
    metadata.force(); // also the last words of a killed process: places that it freed are written again from now on
    sweep(wanted);
    if (keptPieces + lostPieces > 0) {
      LOG.log(
          System.Logger.Level.INFO,
          "the last process ended before the disk had all: {0} pieces compared and kept, {1} dropped",
          keptPieces,
          lostPieces);
    }
    return changed ? metadata.tasks() : rows;
  }

  /// Forces the unforced pieces whose bytes are those of their records, and drops the others.
  ///
  /// @return whether any was dropped
  private boolean dropFalse(long task, ContentFile file) throws IOException {
    var unforced = metadata.unforced(task);
    if (unforced.isEmpty()) {
      return false;
    }
    var kept = new ArrayList<PieceNumber>();
    var lost = new ArrayList<PieceNumber>(unforced.stream().map(PieceRecord::number).toList());
    try {
      kept.addAll(forceTrue(unforced, file));
      lost.removeAll(new HashSet<>(kept));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "content could not be made durable; its newest pieces are dropped", e);
    }
    metadata.apply(List.of(new Change.Forced(task, kept, lost)));
    keptPieces += kept.size();
    lostPieces += lost.size();
    return !lost.isEmpty();
  }

  private List<PieceNumber> forceTrue(List<PieceRecord> unforced, ContentFile file) throws IOException {
    file.acquire();
    try {
      var there = unforced.stream().filter(piece -> isTrue(piece, file)).map(PieceRecord::number).toList();
      file.force();
      return there;
    } finally {
      file.release();
    }
  }

  private boolean isTrue(PieceRecord piece, ContentFile file) {
    var sha256 = Sha256.newDigest();
    try {
      for (long at = piece.range().start(); at < piece.range().end(); at += buffer.limit()) {
        buffer.clear().limit((int) Math.min(CHUNK, piece.range().end() - at));
        file.read(buffer, at);
        sha256.update(buffer.flip());
      }
    } catch (IOException e) {
      return false; // bytes that cannot be read are not there
    }
    return Sha256.of(sha256.digest()).equals(piece.sha256());
  }

  /// Bytes in the file; 0 for anything that is not a plain file of ours.
  private static long ownSize(Path file) throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return 0;
    }
    try {
      RealDisk.requireOwn(file);
      return Files.size(file);
    } catch (IOException e) {
      return 0; // a link or a shared file: its content is not ours to serve
    }
  }

  /// Removes files that no task has; links are removed, not followed.
  private void sweep(Set<Path> wanted) throws IOException {
    var orphans = new ArrayList<Path>();
    Files.walkFileTree(
        content,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (!wanted.contains(file)) {
              orphans.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    for (Path orphan : orphans) {
      disk.delete(orphan);
    }
  }
}
