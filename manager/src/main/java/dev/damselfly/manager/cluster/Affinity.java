package dev.damselfly.manager.cluster;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// How well a cluster suits a peer (manager.md section 5). Pure.
public final class Affinity {
  private static final double CIDR = 0.30;
  private static final double HOSTNAME = 0.30;
  private static final double IDC = 0.25;
  private static final double LOCATION = 0.14;
  private static final double DEFAULT = 0.01;
  private static final int LOCATION_ELEMENTS = 5;

  private Affinity() {}

  /// Best first; equal ones by id, so that every peer in the same place gets the same order.
  public static List<Cluster> ranked(Collection<Cluster> clusters, Locality peer) {
    return clusters.stream()
        .map(cluster -> new Scored(cluster, score(cluster.spec(), peer)))
        .sorted(Comparator.comparingDouble(Scored::score).reversed().thenComparingLong(s -> s.cluster().id().value()))
        .map(Scored::cluster)
        .toList();
  }

  /// From 0 (nothing speaks for it) to 1.
  public static double score(ClusterSpec cluster, Locality peer) {
    Scopes scopes = cluster.scopes();
    boolean near = scopes.cidrs().stream().anyMatch(cidr -> cidr.contains(peer.ip().value()));
    boolean named = scopes.hostnames().stream().anyMatch(pattern -> pattern.matches(peer.host().value()));
    return CIDR * (near ? 1 : 0)
        + HOSTNAME * (named ? 1 : 0)
        + IDC * (sameIdc(scopes.idc(), peer.idc()) ? 1 : 0)
        + LOCATION * location(scopes.location(), peer.location())
        + DEFAULT * (cluster.isDefault() ? 1 : 0);
  }

  private static boolean sameIdc(String scope, String idc) {
    if (scope.isEmpty() || idc.isEmpty()) {
      return false;
    }
    return scope.equalsIgnoreCase(idc) || elements(scope).stream().anyMatch(idc::equalsIgnoreCase);
  }

  private static double location(String scope, String location) {
    if (scope.isEmpty() || location.isEmpty()) {
      return 0;
    }
    if (scope.equalsIgnoreCase(location)) {
      return 1;
    }
    List<String> own = elements(scope);
    List<String> other = elements(location);
    int most = Math.min(LOCATION_ELEMENTS, Math.min(own.size(), other.size()));
    int equal = 0;
    while (equal < most && own.get(equal).equalsIgnoreCase(other.get(equal))) {
      equal++;
    }
    return (double) equal / LOCATION_ELEMENTS;
  }

  private static List<String> elements(String text) {
    return List.of(text.split("\\|", -1));
  }

  private record Scored(Cluster cluster, double score) {}
}
