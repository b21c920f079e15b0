package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;

/// The log to which SQLite writes transactions, forced from outside and copied into the database over a connection of
/// its own. Thread-safe.
///
/// A transaction that forces its own commit keeps the lock for writing while the disk works, which takes a busy disk
/// seconds. Forcing the file says the same about all transactions before, and holds up none after. What is no longer in
/// the file by then was forced in the database, before SQLite began the file anew.
final class WriteAheadLog implements AutoCloseable {
  private static final int CHECKPOINT_AFTER = 512;
  private static final System.Logger LOG = System.getLogger(WriteAheadLog.class.getName());

  private final FileChannel file;
  private final Forcing forcing;
  private final Connection checkpoints;

  /// Changes since the last copy into the database.
  private final AtomicInteger grown = new AtomicInteger();

  /// The file could not be forced: the system may take for written by now what it could not write.
  @GuardedBy("this")
  private boolean doubtful;

  /// Forces a file; a seam for tests.
  interface Forcing {
    void force(FileChannel file) throws IOException;
  }

  private WriteAheadLog(FileChannel file, Forcing forcing, Connection checkpoints) {
    this.file = file;
    this.forcing = forcing;
    this.checkpoints = checkpoints;
  }

  /// @param database open already, so that its log is there
  static WriteAheadLog open(Path database) throws IOException, SQLException {
    return open(database, file -> file.force(false));
  }

  /// The file stays open: only who had it open hears of a failure to write it.
  static WriteAheadLog open(Path database, Forcing forcing) throws IOException, SQLException {
    Path path = database.resolveSibling(database.getFileName() + "-wal");
    var file = FileChannel.open(path, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    try {
      return new WriteAheadLog(file, forcing, DriverManager.getConnection("jdbc:sqlite:" + database));
    } catch (SQLException e) {
      file.close();
      throw e;
    }
  }

  /// More changes were committed.
  void grew(int changes) {
    grown.addAndGet(changes);
  }

  /// Returns once every transaction committed before survives a loss of power.
  synchronized void force() throws IOException {
    if (doubtful) {
      copyWhole();
      doubtful = false;
      return;
    }
    try {
      forcing.force(file);
    } catch (IOException e) {
      doubtful = true;
      throw e;
    }
    if (grown.get() >= CHECKPOINT_AFTER) {
      grown.set(0);
      copy();
    }
  }

  /// Copies what no reader needs to find in the log, beside those who write.
  @GuardedBy("this")
  private void copy() {
    try (var statement = checkpoints.createStatement()) {
      statement.execute("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (SQLException e) {
      LOG.log(System.Logger.Level.WARNING, "the metadata log could not be copied into the database, it grows", e);
    }
  }

  /// Makes the database whole without the log, whose content on disk is not certain.
  @GuardedBy("this")
  private void copyWhole() throws IOException {
    try (var statement = checkpoints.createStatement();
        var result = statement.executeQuery("PRAGMA wal_checkpoint(TRUNCATE)")) {
      if (!result.next() || result.getInt("busy") != 0) {
        throw new IOException("the metadata log is in use and cannot be replaced");
      }
    } catch (SQLException e) {
      throw new IOException("the metadata log cannot be replaced", e);
    }
  }

  @Override
  public void close() throws IOException {
    try (file) {
      checkpoints.close();
    } catch (SQLException e) {
      throw new IOException("metadata cannot be closed", e);
    }
  }
}
