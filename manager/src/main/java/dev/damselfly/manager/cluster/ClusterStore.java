package dev.damselfly.manager.cluster;

import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.manager.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/// Rows of clusters. A name keeps its number for good, also while it is not declared.
public final class ClusterStore {
  private final Database database;
  private final InstantSource clock;

  public ClusterStore(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /// Makes the rows say what the operator declared, all or nothing: new names get the next numbers in the order
  /// given, names that are no longer declared are marked as gone.
  ///
  /// @return the clusters in service, by id
  public List<Cluster> declare(List<ClusterSpec> specs) {
    return database.inTransaction(
        handle -> {
          var declared = new HashSet<Long>();
          for (ClusterSpec spec : specs) {
            long id = findId(handle, spec.name()).orElseGet(() -> insert(handle, spec));
            update(handle, id, spec);
            declareSeeds(handle, id, spec);
            declared.add(id);
          }
          retireOthers(handle, declared);
          return inService(handle);
        });
  }

  private static Optional<Long> findId(Handle handle, ClusterName name) {
    return handle
        .createQuery("select id from scheduler_cluster where name = :name")
        .bind("name", name.value())
        .mapTo(Long.class)
        .findOne();
  }

  private long insert(Handle handle, ClusterSpec spec) {
    return handle
        .createUpdate(
            """
            insert into scheduler_cluster (created_ms, updated_ms, is_del, name, bio, config, client_config,
              seed_client_config, scopes, member_networks, is_default)
            values (:now, :now, 0, :name, '', '{}', '{}', '{}', '{}', '[]', false)""")
        .bind("now", clock.millis())
        .bind("name", spec.name().value())
        .executeAndReturnGeneratedKeys("id")
        .mapTo(Long.class)
        .one();
  }

  private void update(Handle handle, long id, ClusterSpec spec) {
    handle
        .createUpdate(
            """
            update scheduler_cluster set updated_ms = :now, is_del = 0, bio = :bio, config = :config,
              client_config = :client, seed_client_config = :seed, scopes = :scopes,
              member_networks = :networks, is_default = :default
            where id = :id""")
        .bind("now", clock.millis())
        .bind("bio", spec.bio())
        .bind("config", ClusterDocuments.config(spec.limits()))
        .bind("client", ClusterDocuments.clientConfig(spec))
        .bind("seed", ClusterDocuments.seedClientConfig(spec))
        .bind("scopes", ClusterDocuments.scopes(spec.scopes()))
        .bind("networks", ClusterDocuments.networks(spec.memberNetworks()))
        .bind("default", spec.isDefault())
        .bind("id", id)
        .execute();
  }

  private void declareSeeds(Handle handle, long schedulerClusterId, ClusterSpec spec) {
    int known =
        handle
            .createUpdate(
                """
                update seed_peer_cluster set updated_ms = :now, is_del = 0, bio = :bio, config = :config
                where scheduler_cluster_id = :of""")
            .bind("now", clock.millis())
            .bind("bio", spec.bio())
            .bind("config", ClusterDocuments.seedConfig(spec.limits()))
            .bind("of", schedulerClusterId)
            .execute();
    if (known == 0) {
      handle
          .createUpdate(
              """
              insert into seed_peer_cluster (created_ms, updated_ms, is_del, name, bio, config, scheduler_cluster_id)
              values (:now, :now, 0, :name, :bio, :config, :of)""")
          .bind("now", clock.millis())
          .bind("name", spec.name().value())
          .bind("bio", spec.bio())
          .bind("config", ClusterDocuments.seedConfig(spec.limits()))
          .bind("of", schedulerClusterId)
          .execute();
    }
  }

  private void retireOthers(Handle handle, Set<Long> declared) {
    List<Long> all = handle.createQuery("select id from scheduler_cluster where is_del = 0").mapTo(Long.class).list();
    for (Long id : all) {
      if (!declared.contains(id)) {
        handle.execute("update scheduler_cluster set is_del = 1, updated_ms = ? where id = ?", clock.millis(), id);
        handle.execute(
            "update seed_peer_cluster set is_del = 1, updated_ms = ? where scheduler_cluster_id = ?",
            clock.millis(),
            id);
      }
    }
  }

  private static List<Cluster> inService(Handle handle) {
    return handle
        .createQuery(
            """
            select c.id, s.id as seed_id, c.name, c.bio, c.is_default, c.scopes, c.config, c.client_config,
              c.seed_client_config, s.config as seed_config, c.member_networks
            from scheduler_cluster c join seed_peer_cluster s on s.scheduler_cluster_id = c.id
            where c.is_del = 0 order by c.id""")
        .map((row, _) -> cluster(row))
        .list();
  }

  private static Cluster cluster(ResultSet row) throws SQLException {
    List<Cidr> networks = ClusterDocuments.networks(row.getString("member_networks"));
    var spec =
        new ClusterSpec(
            new ClusterName(row.getString("name")),
            row.getString("bio"),
            row.getBoolean("is_default"),
            ClusterDocuments.scopes(row.getString("scopes")),
            ClusterDocuments.limits(
                row.getString("config"), row.getString("client_config"), row.getString("seed_config")),
            networks,
            ClusterDocuments.blocks(row.getString("client_config"), row.getString("seed_client_config")));
    return new Cluster(new ClusterId(row.getLong("id")), new SeedClusterId(row.getLong("seed_id")), spec);
  }
}
