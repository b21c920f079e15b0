package dev.damselfly.manager.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/// The open database. Thread-safe. Opens no port: the engine runs in this process (S-MGR-13).
public final class Database implements AutoCloseable {
  private static final int CONNECTIONS = 8;
  private static final long WAIT_MILLIS = 5_000;
  private static final String SETTINGS =
      ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH"
          + ";LOCK_TIMEOUT=5000;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE";
  private static final Set<PosixFilePermission> OTHERS =
      Set.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.GROUP_EXECUTE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE,
          PosixFilePermission.OTHERS_EXECUTE);

  private final HikariDataSource pool;
  private final Jdbi jdbi;

  private Database(HikariDataSource pool) {
    this.pool = pool;
    this.jdbi = Jdbi.create(pool);
  }

  /// Opens, and migrates to the newest schema. The caller closes it.
  ///
  /// @throws UncheckedIOException when the directory is not private to this user
  public static Database open(DatabaseLocation location) {
    String url =
        switch (location) {
          case DatabaseLocation.Directory d -> "jdbc:h2:file:" + privateDirectory(d.path()).resolve("manager");
          case DatabaseLocation.Memory m -> "jdbc:h2:mem:" + m.name();
        };
    var config = new HikariConfig();
    config.setPoolName("manager");
    config.setJdbcUrl(url + SETTINGS);
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(CONNECTIONS);
    config.setConnectionTimeout(WAIT_MILLIS);
    config.setMaxLifetime(0); // the engine is in this process, and one in memory ends with its last connection
    var pool = new HikariDataSource(config);
    try {
      migrate(pool);
      return new Database(pool);
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  private static void migrate(HikariDataSource pool) {
    Flyway.configure(Database.class.getClassLoader())
        .dataSource(pool)
        .locations("classpath:db/manager")
        .failOnMissingLocations(true)
        .cleanDisabled(true)
        .load()
        .migrate();
  }

  private static Path privateDirectory(Path path) {
    try {
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectories(
            path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException("the database directory is not a directory");
      }
      var open = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
      if (open.stream().anyMatch(OTHERS::contains)) {
        throw new IOException("the database directory must be closed to other users (mode 0700)");
      }
      return path;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Runs the work in one transaction: all of it is kept, or nothing when it throws.
  ///
  /// @throws Refused BACKEND_DOWN when no connection is free in time
  public <T> T inTransaction(Function<Handle, T> work) {
    try {
      return jdbi.inTransaction(TransactionIsolationLevel.READ_COMMITTED, work::apply);
    } catch (ConnectionException e) {
      throw new Refused(Reason.BACKEND_DOWN, "the database of the manager does not answer");
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
