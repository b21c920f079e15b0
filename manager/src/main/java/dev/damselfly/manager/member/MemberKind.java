package dev.damselfly.manager.member;

import dev.damselfly.api.error.Reason;
import org.jdbi.v3.core.Handle;

/// The two kinds of members and where their rows are.
public enum MemberKind {
  SCHEDULER("scheduler", "scheduler_cluster", "scheduler_cluster_id", Reason.SCHEDULER_UNKNOWN, 128),
  SEED_PEER("seed_peer", "seed_peer_cluster", "seed_peer_cluster_id", Reason.HOST_UNKNOWN, 512);

  private final String table;
  private final String clusterTable;
  private final String clusterColumn;
  private final Reason unknown;
  private final int maxPerCluster;

  MemberKind(String table, String clusterTable, String clusterColumn, Reason unknown, int maxPerCluster) {
    this.table = table;
    this.clusterTable = clusterTable;
    this.clusterColumn = clusterColumn;
    this.unknown = unknown;
    this.maxPerCluster = maxPerCluster;
  }

  String table() {
    return table;
  }

  String clusterColumn() {
    return clusterColumn;
  }

  /// Registrations and stream starts of one cluster wait for each other until the transaction ends.
  void lockCluster(Handle handle, long cluster) {
    handle
        .createQuery("select id from <table> where id = :id for update")
        .define("table", clusterTable)
        .bind("id", cluster)
        .mapTo(Long.class)
        .one();
  }

  /// Why a lookup ends without a row.
  public Reason unknown() {
    return unknown;
  }

  /// Rows of one cluster, inactive ones included; keeps answers far below the size of a message.
  public int maxPerCluster() {
    return maxPerCluster;
  }
}
