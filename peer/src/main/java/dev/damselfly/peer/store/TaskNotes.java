package dev.damselfly.peer.store;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.TaskId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;

/// Small facts about tasks that outlive the process, for people who ask later. They go away with their task. Thread-safe.
///
/// Kept within bounds by forgetting the oldest: a task has at most [#MAX_NOTES] notes and [#MAX_LABELS] labels.
public final class TaskNotes {
  public static final int MAX_NOTES = 64;
  public static final int MAX_LABELS = 64;
  public static final int MAX_NAME = 64;
  public static final int MAX_VALUE = 4096;
  public static final int MAX_LABEL = 4096;

  private final Metadata metadata;
  private final Journal journal;

  TaskNotes(Metadata metadata, Journal journal) {
    this.metadata = metadata;
    this.journal = journal;
  }

  /// Writes a note; replaces the one of the same name. Durable soon after.
  ///
  /// @param name 1..64 characters
  /// @param value at most 4096 characters; never a secret, it is kept in the clear
  public void put(StoredTask task, String name, String value) {
    if (name.isEmpty() || name.length() > MAX_NAME || value.length() > MAX_VALUE) {
      throw new InvalidValue("a note has a name of 1 to " + MAX_NAME + " and a value of at most " + MAX_VALUE + " characters");
    }
    journal.awaitRoom();
    journal.add(new Change.Note(task.key(), name, value));
  }

  /// Notes of the task, oldest first.
  public Map<String, String> of(StoredTask task) {
    journal.flush();
    try {
      return metadata.notes(task.key());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Gives the task one more label, for example the name of the output. A label stands for the task that got it last.
  ///
  /// @param label 1..4096 characters
  public void label(StoredTask task, String label) {
    if (label.isEmpty() || label.length() > MAX_LABEL) {
      throw new InvalidValue("a label has 1 to " + MAX_LABEL + " characters");
    }
    journal.awaitRoom();
    journal.add(new Change.Label(task.key(), label));
  }

  public Optional<TaskId> byLabel(String label) {
    journal.flush();
    try {
      return metadata.byLabel(label);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
