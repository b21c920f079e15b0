package dev.damselfly.peer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteAheadLogTest {
  @TempDir Path directory;
  private Path database;
  private Path file;
  private Connection connection;

  @BeforeEach
  void open() throws SQLException {
    database = directory.resolve("a.db");
    file = directory.resolve("a.db-wal");
    connection = DriverManager.getConnection("jdbc:sqlite:" + database);
    execute("PRAGMA journal_mode = WAL");
    execute("CREATE TABLE t (value INTEGER)");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  private void execute(String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /// Rows in the database as it is without its log.
  private long rowsWithoutLog() throws IOException, SQLException {
    Path alone = Files.copy(database, directory.resolve("alone-" + System.nanoTime() + ".db"));
    try (var copy = DriverManager.getConnection("jdbc:sqlite:" + alone);
        var statement = copy.createStatement();
        var result = statement.executeQuery("SELECT count(*) FROM t")) {
      return result.getLong(1);
    }
  }

  @Test
  void force_passesAnOpenTransactionAndChangesNothingElse() throws Exception {
    var forced = new AtomicInteger();
    try (var log = WriteAheadLog.open(database, channel -> forced.incrementAndGet())) {
      long size = Files.size(file);
      connection.setAutoCommit(false);
      execute("INSERT INTO t VALUES (1)");

      log.force();

      assertThat(forced).hasValue(1);
      assertThat(Files.size(file)).isEqualTo(size);
      connection.commit();
    }
  }

  @Test
  void force_copiesIntoTheDatabaseFromTimeToTime() throws Exception {
    try (var log = WriteAheadLog.open(database)) {
      execute("INSERT INTO t VALUES (1)");
      log.grew(511);
      log.force();
      long before = Files.size(database);
      log.grew(1);

      log.force();

      assertThat(before).isLessThan(Files.size(database));
      assertThat(rowsWithoutLog()).isEqualTo(1);
    }
  }

  @Test
  void force_replacesALogThatTheSystemFailedToWrite() throws Exception {
    var calls = new AtomicInteger();
    try (var log =
        WriteAheadLog.open(
            database,
            channel -> {
              if (calls.incrementAndGet() == 1) {
                throw new IOException("injected");
              }
            })) {
      execute("INSERT INTO t VALUES (1)");

      assertThatThrownBy(log::force).hasMessage("injected");
      log.force();

      assertThat(calls).hasValue(1); // a second try would say what the system believes, not what the disk has
      assertThat(Files.size(file)).isZero();
      assertThat(rowsWithoutLog()).isEqualTo(1);
      execute("INSERT INTO t VALUES (2)");
      log.force();
      assertThat(calls).hasValue(2);
    }
  }
}
