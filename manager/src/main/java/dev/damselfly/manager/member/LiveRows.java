package dev.damselfly.manager.member;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.manager.store.Database;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatements;

/// Rows of one kind that are active only while a stream of their owner lives. Thread-safe.
///
/// Each stream writes its own token into the row and changes the row only while the token stands there, so a stream
/// that ends late cannot switch off the one that replaced it.
public final class LiveRows {
  /// A stream that is silent for more than this many of its intervals is dead.
  public static final int SILENT_INTERVALS = 3;
  /// Rows that have been inactive for this long are deleted, and their host name is free again.
  public static final Duration KEPT_INACTIVE = Duration.ofMinutes(30);

  private final Database database;
  private final MemberKind kind;
  private final InstantSource clock;

  public LiveRows(Database database, MemberKind kind, InstantSource clock) {
    this.database = database;
    this.kind = kind;
    this.clock = clock;
  }

  /// Makes the row active, and takes it from an older stream.
  ///
  /// @throws Refused SCHEDULER_UNKNOWN or HOST_UNKNOWN when this identity has registered no such row
  public Session begin(SpiffeId owner, Place place) {
    String token = UUID.randomUUID().toString();
    long id =
        database.inTransaction(
            handle -> {
              kind.lockCluster(handle, place.cluster()); // no registration elsewhere may come between
              long row = findId(handle, owner, place).orElseThrow(this::unknown);
              long now = clock.millis();
              handle
                  .createUpdate(
                      """
                      update <table> set state = 'active', live_session = :token, last_keep_alive_ms = :now,
                        updated_ms = :now where id = :id""")
                  .define("table", kind.table())
                  .bind("token", token)
                  .bind("now", now)
                  .bind("id", row)
                  .execute();
              return row;
            });
    return new Session(id, token);
  }

  private Optional<Long> findId(Handle handle, SpiffeId owner, Place place) {
    return handle
        .createQuery(
            """
            select id from <table> where <cluster> = :cluster and host_name = :host and spiffe_id = :owner
              and (:any or ip = :ip)
            order by registered_ms desc, id desc fetch first 1 rows only""")
        .define("table", kind.table())
        .define("cluster", kind.clusterColumn())
        .bind("cluster", place.cluster())
        .bind("host", place.host().value())
        .bind("owner", owner.toString())
        .bind("any", place.ip().isEmpty())
        .bind("ip", place.ip().map(Object::toString).orElse(""))
        .mapTo(Long.class)
        .findOne();
  }

  private Refused unknown() {
    return new Refused(kind.unknown(), "this identity has registered no such host in the cluster");
  }

  /// No stream lives: said when the process starts and when it stops.
  public void reset() {
    update("update <table> set state = 'inactive', live_session = null, updated_ms = :now where state = 'active'");
  }

  /// Makes rows of silent streams inactive, and deletes rows that have been inactive for long.
  public void sweep() {
    update(
        "update <table> set state = 'inactive', updated_ms = :now"
            + " where state = 'active' and last_keep_alive_ms + :silent * keep_alive_ms < :now");
    update("delete from <table> where state = 'inactive' and updated_ms < :now - :kept");
  }

  private void update(String sql) {
    database.inTransaction(
        handle ->
            handle
                .createUpdate(sql)
                .define("table", kind.table())
                .bind("now", clock.millis())
                .configure(SqlStatements.class, s -> s.setUnusedBindingAllowed(true))
                .bind("silent", SILENT_INTERVALS)
                .bind("kept", KEPT_INACTIVE.toMillis())
                .execute());
  }

  /// One stream's hold on a row. Thread-safe; [#end] is idempotent.
  public final class Session {
    private final long id;
    private final String token;

    private Session(long id, String token) {
      this.id = id;
      this.token = token;
    }

    /// The owner was heard. A row that was swept for silence is active again.
    ///
    /// @throws Refused WRONG_STATE when a newer stream or a registration elsewhere has taken the row's place
    public void beat() {
      int held =
          database.inTransaction(
              handle ->
                  handle
                      .createUpdate(
                          """
                          update <table> set state = 'active', last_keep_alive_ms = :now, updated_ms = :now
                          where id = :id and live_session = :token""")
                      .define("table", kind.table())
                      .bind("now", clock.millis())
                      .bind("id", id)
                      .bind("token", token)
                      .execute());
      if (held == 0) {
        throw new Refused(Reason.WRONG_STATE, "a newer stream or registration stands for this host");
      }
    }

    /// The stream is over: the row is inactive at once, unless it is another stream's by now.
    public void end() {
      database.inTransaction(
          handle ->
              handle
                  .createUpdate(
                      """
                      update <table> set state = 'inactive', live_session = null, updated_ms = :now
                      where id = :id and live_session = :token""")
                  .define("table", kind.table())
                  .bind("now", clock.millis())
                  .bind("id", id)
                  .bind("token", token)
                  .execute());
    }
  }
}
