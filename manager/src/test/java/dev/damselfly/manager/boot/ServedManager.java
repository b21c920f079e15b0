package dev.damselfly.manager.boot;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.guard.Callers;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.manager.application.ApplicationSpec;
import dev.damselfly.manager.cluster.ClusterLimits;
import dev.damselfly.manager.cluster.ClusterName;
import dev.damselfly.manager.cluster.ClusterSpec;
import dev.damselfly.manager.cluster.Scopes;
import dev.damselfly.manager.store.Database;
import dev.damselfly.manager.store.DatabaseLocation;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;

/// The services of one manager as its process serves them, on a database in memory with the clusters `east` (1) and
/// `west` (2); what it holds can be kept, and put back in one step.
@NullMarked
public final class ServedManager implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final List<String> TABLES = List.of("scheduler", "seed_peer");

  private final Database database = Database.open(new DatabaseLocation.Memory("served" + COUNT.incrementAndGet()));
  private final List<ServerServiceDefinition> services;

  public ServedManager(Audit audit) {
    var config =
        new ManagerConfig(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new DatabaseLocation.Memory("unused"),
            List.of(cluster("east"), cluster("west")),
            List.of(new ApplicationSpec("app", "https://example.org/app", "", new ApplicationSpec.Priority(3, List.of()))));
    var wiring = ManagerWiring.wire(config, database, audit, ManualClock.somewhere(), Callers::current);
    services = List.of(wiring.service().bindService(), new HealthStatusManager().getHealthService().bindService());
  }

  private static ClusterSpec cluster(String name) {
    return new ClusterSpec(new ClusterName(name), "", false, Scopes.NONE, ClusterLimits.DEFAULT, List.of());
  }

  public static Policy policy() {
    return ManagerPolicy.policy();
  }

  /// Of the listener without TLS.
  public static Policy legacyPolicy() {
    return ManagerPolicy.legacyPolicy(List.of());
  }

  public List<ServerServiceDefinition> services() {
    return services;
  }

  /// Remembers the rows of now, all of them active, for [#putBack].
  public void keep() {
    for (String table : TABLES) {
      execute("update " + table + " set state = 'active'");
      execute("create table kept_" + table + " as select * from " + table);
    }
  }

  public void putBack() {
    for (String table : TABLES) {
      execute("delete from " + table);
      execute("insert into " + table + " select * from kept_" + table);
    }
  }

  private void execute(String sql) {
    database.inTransaction(handle -> handle.execute(sql));
  }

  /// Every member row of a cluster with all its columns, as text.
  public String rows(long cluster) {
    return database.inTransaction(
        handle ->
            handle.createQuery("select * from scheduler where scheduler_cluster_id = " + cluster + " order by id").mapToMap().list()
                + "/"
                + handle.createQuery("select * from seed_peer where seed_peer_cluster_id = " + cluster + " order by id").mapToMap().list());
  }

  /// Rows that a stream holds.
  public int held() {
    return database.inTransaction(
        handle ->
            TABLES.stream()
                .mapToInt(
                    table ->
                        handle
                            .createQuery("select count(*) from " + table + " where live_session is not null")
                            .mapTo(Integer.class)
                            .one())
                .sum());
  }

  @Override
  public void close() {
    database.close();
  }
}
