package dev.damselfly.peer.store;

import java.io.IOException;
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
final class Recovery {
  private final Path content;
  private final Disk disk;
  private final Metadata metadata;

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
      }
    }
    sweep(wanted);
    return changed ? metadata.tasks() : rows;
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
