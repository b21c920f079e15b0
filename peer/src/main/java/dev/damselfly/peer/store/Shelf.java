package dev.damselfly.peer.store;

import dev.damselfly.api.id.TaskId;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Executor;

/// What all tasks of a store share.
///
/// @param content directory of the content files
/// @param hashing few threads that hash ahead
record Shelf(
    Disk disk, Path content, Metadata metadata, Journal journal, Space space, Executor hashing, InstantSource clock) {
  static final String RESTRICTED_SUFFIX = ".restricted";
  private static final int FAN_OUT = 3;

  ContentFile fileOf(TaskId id, boolean restricted) {
    return new ContentFile(disk, pathOf(content, id, restricted));
  }

  static Path pathOf(Path content, TaskId id, boolean restricted) {
    String name = id.value(); // 64 hex digits: nothing that a path could misread
    return content.resolve(name.substring(0, FAN_OUT)).resolve(restricted ? name + RESTRICTED_SUFFIX : name);
  }
}
