package dev.damselfly.manager.seed;

import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.SeedClusterId;
import dev.damselfly.manager.member.Place;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;

/// Statements on seed peer rows.
final class SeedPeerTable {
  /// Seed peers have no interval of their own on the wire; they are taken to speak as often as schedulers do.
  private static final long KEEP_ALIVE_MILLIS = 5_000;

  private static final String SELECT =
      """
      select id, seed_peer_cluster_id, host_name, ip, port, download_port, idc, location, state
      from seed_peer\s""";
  private static final String AT =
      "where seed_peer_cluster_id = :cluster and host_name = :host and (:any or ip = :ip) ";

  private SeedPeerTable() {}

  static Optional<SeedPeerRow> find(Handle handle, Place place) {
    return bindPlace(
            handle.createQuery(SELECT + AT + "order by registered_ms desc, id desc fetch first 1 rows only"), place)
        .map((row, _) -> row(row))
        .findOne();
  }

  static int delete(Handle handle, Place place, SpiffeId owner) {
    return bindPlace(handle.createUpdate("delete from seed_peer " + AT + "and spiffe_id = :owner"), place)
        .bind("owner", owner.toString())
        .execute();
  }

  private static <S extends SqlStatement<S>> S bindPlace(S statement, Place place) {
    return statement
        .bind("cluster", place.cluster())
        .bind("host", place.host().value())
        .bind("any", place.ip().isEmpty())
        .bind("ip", place.ip().map(IpAddress::toString).orElse(""));
  }

  /// Active at once.
  static long insert(Handle handle, SeedClusterId cluster, SpiffeId owner, SeedRegistration said, long now) {
    var update =
        handle.createUpdate(
            """
            insert into seed_peer (created_ms, updated_ms, registered_ms, is_del, host_name, host_key, ip, port,
              download_port, type, seed_peer_cluster_id, spiffe_id, idc, location, state, keep_alive_ms,
              last_keep_alive_ms)
            values (:now, :now, :now, 0, :host, :key, :ip, :port,
              :download, :type, :cluster, :owner, :idc, :location, 'active', :interval, :now)""");
    return bindSaid(update, said, now)
        .bind("host", said.host().value())
        .bind("key", said.host().key())
        .bind("ip", said.ip().toString())
        .bind("type", SeedPeerRow.TYPE)
        .bind("cluster", cluster.value())
        .bind("owner", owner.toString())
        .bind("interval", KEEP_ALIVE_MILLIS)
        .executeAndReturnGeneratedKeys("id")
        .mapTo(Long.class)
        .one();
  }

  static void update(Handle handle, long id, SeedRegistration said, long now) {
    var update =
        handle.createUpdate(
            """
            update seed_peer set updated_ms = :now, registered_ms = :now, last_keep_alive_ms = :now, port = :port,
              download_port = :download, idc = :idc, location = :location, state = 'active'
            where id = :id""");
    bindSaid(update, said, now).bind("id", id).execute();
  }

  private static <S extends SqlStatement<S>> S bindSaid(S statement, SeedRegistration said, long now) {
    return statement
        .bind("now", now)
        .bind("port", said.port())
        .bind("download", said.downloadPort())
        .bind("idc", said.idc())
        .bind("location", said.location());
  }

  static List<SeedPeerRow> active(Handle handle, SeedClusterId cluster, int max) {
    return handle
        .createQuery(SELECT + "where seed_peer_cluster_id = :cluster and state = 'active' order by id")
        .bind("cluster", cluster.value())
        .setMaxRows(max)
        .map((row, _) -> row(row))
        .list();
  }

  private static SeedPeerRow row(ResultSet row) throws SQLException {
    var said =
        new SeedRegistration(
            new HostName(row.getString("host_name")),
            IpAddress.parse(row.getString("ip")),
            row.getInt("port"),
            row.getInt("download_port"),
            row.getString("idc"),
            row.getString("location"));
    return new SeedPeerRow(
        row.getLong("id"),
        new SeedClusterId(row.getLong("seed_peer_cluster_id")),
        said,
        row.getString("state").equals("active"));
  }
}
