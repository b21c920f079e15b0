package dev.damselfly.manager.scheduler;

import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.ClusterId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;

/// Statements on scheduler rows.
final class SchedulerTable {
  private static final String SELECT =
      """
      select id, scheduler_cluster_id, host_name, ip, port, idc, location, features, keep_alive_ms, state
      from scheduler\s""";

  private SchedulerTable() {}

  static Optional<Long> findId(Handle handle, ClusterId cluster, HostName host, IpAddress ip) {
    return handle
        .createQuery(
            "select id from scheduler where scheduler_cluster_id = :cluster and host_name = :host and ip = :ip")
        .bind("cluster", cluster.value())
        .bind("host", host.value())
        .bind("ip", ip.toString())
        .mapTo(Long.class)
        .findOne();
  }

  /// A new row is inactive: only a living stream makes it active.
  static long insert(Handle handle, ClusterId cluster, SpiffeId owner, Registration said, long now) {
    var update =
        handle.createUpdate(
            """
            insert into scheduler (created_ms, updated_ms, registered_ms, is_del, host_name, host_key, ip, port,
              scheduler_cluster_id, spiffe_id, idc, location, features, state, keep_alive_ms, last_keep_alive_ms)
            values (:now, :now, :now, 0, :host, :key, :ip, :port,
              :cluster, :owner, :idc, :location, :features, 'inactive', :interval, :now)""");
    return bindSaid(update, said, now)
        .bind("host", said.host().value())
        .bind("key", said.host().key())
        .bind("ip", said.ip().toString())
        .bind("cluster", cluster.value())
        .bind("owner", owner.toString())
        .executeAndReturnGeneratedKeys("id")
        .mapTo(Long.class)
        .one();
  }

  static void update(Handle handle, long id, Registration said, long now) {
    var update =
        handle.createUpdate(
            """
            update scheduler set updated_ms = :now, registered_ms = :now, port = :port, idc = :idc,
              location = :location, features = :features, keep_alive_ms = :interval
            where id = :id""");
    bindSaid(update, said, now).bind("id", id).execute();
  }

  private static <S extends SqlStatement<S>> S bindSaid(S statement, Registration said, long now) {
    return statement
        .bind("now", now)
        .bind("port", said.port())
        .bind("idc", said.idc())
        .bind("location", said.location())
        .bind("features", said.features().document())
        .bind("interval", said.keepAlive().value().toMillis());
  }

  static SchedulerRow byId(Handle handle, long id) {
    return handle.createQuery(SELECT + "where id = :id").bind("id", id).map((row, _) -> row(row)).one();
  }

  /// The row that the owner registered last under this name.
  static Optional<SchedulerRow> find(Handle handle, ClusterId cluster, HostName host, SpiffeId owner) {
    return handle
        .createQuery(
            SELECT
                + """
                where scheduler_cluster_id = :cluster and host_name = :host and spiffe_id = :owner
                order by registered_ms desc, id desc fetch first 1 rows only""")
        .bind("cluster", cluster.value())
        .bind("host", host.value())
        .bind("owner", owner.toString())
        .map((row, _) -> row(row))
        .findOne();
  }

  static List<SchedulerRow> all(Handle handle, ClusterId cluster) {
    return handle
        .createQuery(SELECT + "where scheduler_cluster_id = :cluster order by id")
        .bind("cluster", cluster.value())
        .map((row, _) -> row(row))
        .list();
  }

  private static SchedulerRow row(ResultSet row) throws SQLException {
    var said =
        new Registration(
            new HostName(row.getString("host_name")),
            IpAddress.parse(row.getString("ip")),
            row.getInt("port"),
            row.getString("idc"),
            row.getString("location"),
            Features.read(row.getString("features")),
            new KeepAliveInterval(Duration.ofMillis(row.getLong("keep_alive_ms"))));
    return new SchedulerRow(
        row.getLong("id"),
        new ClusterId(row.getLong("scheduler_cluster_id")),
        said,
        row.getString("state").equals("active"));
  }
}
