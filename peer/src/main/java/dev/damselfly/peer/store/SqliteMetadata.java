package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Metadata in one SQLite file, which an operator may read while the daemon runs. Thread-safe: one connection, one lock.
/// The log of the file has a lock of its own, so that nobody waits here for the disk.
final class SqliteMetadata implements Metadata {
  private static final int CONSTRAINT = 19; // SQLITE_CONSTRAINT

  private final Connection connection;
  private final WriteAheadLog log;

  @GuardedBy("this")
  private final Map<String, PreparedStatement> prepared = new HashMap<>();

  private SqliteMetadata(Connection connection, WriteAheadLog log) {
    this.connection = connection;
    this.log = log;
  }

  /// @throws IOException also for a file of another schema version
  static SqliteMetadata open(Path file) throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    try {
      var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
      try {
        prepare(connection);
        return new SqliteMetadata(connection, WriteAheadLog.open(file));
      } catch (SQLException | IOException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new IOException("the metadata of the content store cannot be opened", e);
    }
  }

  private static void prepare(Connection connection) throws SQLException, IOException {
    try (var statement = connection.createStatement()) {
      for (String setting : Schema.SETTINGS) {
        statement.execute(setting);
      }
      int version;
      try (var result = statement.executeQuery("PRAGMA user_version")) {
        version = result.getInt(1);
      }
      connection.setAutoCommit(false);
      if (version == 0) {
        for (String table : Schema.TABLES) {
          statement.execute(table);
        }
        statement.execute("PRAGMA user_version = " + Schema.VERSION);
      } else if (version != Schema.VERSION) {
        throw new IOException(
            "the content store was written by another version: it has schema "
                + version
                + ", this version reads "
                + Schema.VERSION
                + "; start the version that wrote it, or move its directory away and begin with an empty one");
      }
      connection.commit();
    }
  }

  @Override
  public synchronized void apply(List<Change> changes) throws IOException {
    try {
      for (Change change : changes) {
        apply(change);
      }
      connection.commit();
      log.grew(changes.size());
    } catch (SQLException e) {
      rollback(e);
      throw (e.getErrorCode() & 0xff) == CONSTRAINT ? new RejectedChange(e) : new IOException("metadata write failed", e);
    }
  }

  private void rollback(SQLException cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  @GuardedBy("this")
  private void apply(Change change) throws SQLException {
    switch (change) {
      case Change.AddTask(var row) -> addTask(row);
      case Change.SetFacts(long task, var facts) -> {
        var sql = sql("UPDATE task SET content_length = ?, piece_length = ?, etag = ?, last_modified = ?, ranges = ? WHERE key = ?");
        Rows.bindFacts(sql, facts);
        sql.setLong(6, task);
        sql.executeUpdate();
      }
      case Change.AddPiece add -> {
        var sql = sql("INSERT OR REPLACE INTO piece VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)");
        Rows.bindPiece(sql, add.task(), add.piece());
        sql.executeUpdate();
      }
      case Change.Forced(long task, var kept, var lost) -> {
        for (var number : kept) {
          update("UPDATE piece SET forced = 1 WHERE task = ? AND number = ?", task, number.value());
        }
        dropPieces(task, lost);
      }
      case Change.DropPieces drop -> dropPieces(drop.task(), drop.numbers());
      case Change.DropContent(long task) -> {
        update("DELETE FROM piece WHERE task = ?", task);
        update(
            "UPDATE task SET content_length = NULL, piece_length = NULL, etag = NULL, last_modified = NULL, ranges = NULL,"
                + " sha256 = NULL, sha512 = NULL WHERE key = ?",
            task);
      }
      case Change.DropTask(long task) -> update("DELETE FROM task WHERE key = ?", task);
      case Change.Used(long task, var at) -> update("UPDATE task SET used_at = ? WHERE key = ?", at.toString(), task);
      case Change.SetDigest(long task, var algorithm, var digest) ->
          update("UPDATE task SET " + Rows.digestColumn(algorithm) + " = ? WHERE key = ?", digest, task);
      case Change.Note note -> addNote(note);
      case Change.Label label -> addLabel(label);
    }
  }

  @GuardedBy("this")
  private void dropPieces(long task, List<PieceNumber> numbers) throws SQLException {
    for (var number : numbers) {
      update("DELETE FROM piece WHERE task = ? AND number = ?", task, number.value());
    }
    if (!numbers.isEmpty()) {
      update("UPDATE task SET sha256 = NULL, sha512 = NULL WHERE key = ?", task);
    }
  }

  @GuardedBy("this")
  private void addTask(TaskRow row) throws SQLException {
    var sql =
        sql(
            "INSERT OR IGNORE INTO task (key, id, restricted, fingerprint, form, url, tag, application, revision,"
                + " fixed_piece_length, content_key, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    Rows.bindTask(sql, row);
    sql.executeUpdate();
    int position = 0;
    for (String name : row.tuple().filteredQueryParams()) {
      update("INSERT OR IGNORE INTO filtered_query_param VALUES (?, ?, ?)", row.key(), position, name);
      position++;
    }
  }

  /// A note or label of a task that is gone meanwhile is nothing.
  @GuardedBy("this")
  private void addNote(Change.Note note) throws SQLException {
    update("DELETE FROM note WHERE task = ? AND name = ?", note.task(), note.name());
    update(
        "INSERT INTO note (task, name, value) SELECT key, ?, ? FROM task WHERE key = ?",
        note.name(), note.value(), note.task());
    update(
        "DELETE FROM note WHERE task = ? AND at NOT IN (SELECT at FROM note WHERE task = ? ORDER BY at DESC LIMIT ?)",
        note.task(), note.task(), TaskNotes.MAX_NOTES);
  }

  @GuardedBy("this")
  private void addLabel(Change.Label label) throws SQLException {
    update("DELETE FROM label WHERE label = ?", label.label());
    update("INSERT INTO label (task, label) SELECT key, ? FROM task WHERE key = ?", label.label(), label.task());
    update(
        "DELETE FROM label WHERE task = ? AND at NOT IN (SELECT at FROM label WHERE task = ? ORDER BY at DESC LIMIT ?)",
        label.task(), label.task(), TaskNotes.MAX_LABELS);
  }

  @Override
  public void force() throws IOException {
    log.force();
  }

  @Override
  public synchronized List<TaskRow> tasks() throws IOException {
    try {
      var rows = new ArrayList<TaskRow>();
      var damaged = new ArrayList<Long>();
      try (var result = sql(Rows.SELECT_TASKS).executeQuery()) {
        while (result.next()) {
          try {
            rows.add(Rows.task(result, filtered(result.getLong("key"))));
          } catch (InvalidValue e) {
            damaged.add(result.getLong("key"));
          }
        }
      }
      for (long key : damaged) {
        update("DELETE FROM task WHERE key = ?", key);
      }
      connection.commit();
      return List.copyOf(rows);
    } catch (SQLException e) {
      rollback(e);
      throw new IOException("metadata cannot be read", e);
    }
  }

  @GuardedBy("this")
  private List<String> filtered(long task) throws SQLException {
    var sql = sql("SELECT name FROM filtered_query_param WHERE task = ? ORDER BY position");
    sql.setLong(1, task);
    var names = new ArrayList<String>();
    try (var result = sql.executeQuery()) {
      while (result.next()) {
        names.add(result.getString(1));
      }
    }
    return names;
  }

  @Override
  public synchronized List<PieceRecord> pieces(long task) throws IOException {
    return read("SELECT * FROM piece WHERE task = ? ORDER BY number", task, SqliteMetadata::pieces);
  }

  @Override
  public synchronized List<PieceRecord> unforced(long task) throws IOException {
    return read("SELECT * FROM piece WHERE task = ? AND forced = 0 ORDER BY number", task, SqliteMetadata::pieces);
  }

  private static List<PieceRecord> pieces(ResultSet result) throws SQLException {
    var pieces = new Rows.Pieces();
    while (result.next()) {
      pieces.add(result);
    }
    return pieces.all();
  }

  @Override
  public synchronized void dropPiecesBeyond(long task, long size) throws IOException {
    try {
      update("DELETE FROM piece WHERE task = ? AND start + length > ?", task, size);
      update("UPDATE task SET sha256 = NULL, sha512 = NULL WHERE key = ?", task);
      connection.commit();
    } catch (SQLException e) {
      rollback(e);
      throw new IOException("metadata write failed", e);
    }
  }

  @Override
  public synchronized Map<String, String> notes(long task) throws IOException {
    return read(
        "SELECT name, value FROM note WHERE task = ? ORDER BY at",
        task,
        result -> {
          var notes = new LinkedHashMap<String, String>();
          while (result.next()) {
            notes.put(result.getString(1), result.getString(2));
          }
          return notes;
        });
  }

  @Override
  public synchronized Optional<TaskId> byLabel(String label) throws IOException {
    return read(
        "SELECT id FROM task JOIN label ON label.task = task.key WHERE label.label = ?",
        label,
        result -> result.next() ? Optional.of(new TaskId(result.getString(1))) : Optional.empty());
  }

  private interface Reader<T> {
    T read(ResultSet result) throws SQLException;
  }

  @GuardedBy("this")
  private <T> T read(String query, Object argument, Reader<T> reader) throws IOException {
    try {
      var sql = sql(query);
      sql.setObject(1, argument);
      T answer;
      try (var result = sql.executeQuery()) {
        answer = reader.read(result);
      }
      connection.commit(); // ends the read transaction
      return answer;
    } catch (SQLException e) {
      rollback(e);
      throw new IOException("metadata cannot be read", e);
    } catch (InvalidValue e) {
      throw new IOException("metadata is damaged: a stored value " + e.rule(), e);
    }
  }

  @GuardedBy("this")
  private void update(String text, Object... arguments) throws SQLException {
    var sql = sql(text);
    for (int i = 0; i < arguments.length; i++) {
      sql.setObject(i + 1, arguments[i]);
    }
    sql.executeUpdate();
  }

  @GuardedBy("this")
  private PreparedStatement sql(String text) throws SQLException {
    var statement = prepared.get(text);
    if (statement == null) {
      statement = connection.prepareStatement(text);
      prepared.put(text, statement);
    }
    return statement;
  }

  @Override
  public synchronized void close() throws IOException {
    try (log) { // also closes it when the connection fails to
      connection.close();
    } catch (SQLException e) {
      throw new IOException("metadata cannot be closed", e);
    }
  }
}
