package dev.damselfly.scheduler.cluster;

/// The newest good state of the cluster. Thread-safe: replaced whole, by the manager link only.
public final class Cluster {
  private volatile ClusterSettings settings = ClusterSettings.DEFAULT;
  private volatile Applications applications = Applications.NONE;

  public ClusterSettings settings() {
    return settings;
  }

  public Applications applications() {
    return applications;
  }

  public void accept(ClusterSettings newer) {
    settings = newer;
  }

  public void accept(Applications newer) {
    applications = newer;
  }
}
