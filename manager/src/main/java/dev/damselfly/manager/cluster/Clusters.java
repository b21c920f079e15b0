package dev.damselfly.manager.cluster;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.identity.Caller;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The clusters in service, and the one question every call asks: is this cluster the caller's own? Immutable.
///
/// A cluster that is not there and a cluster of others give the same refusal: nobody learns what exists elsewhere.
public final class Clusters {
  private final Map<ClusterId, Cluster> byId;
  private final Map<SeedClusterId, Cluster> bySeeds;

  public Clusters(Collection<Cluster> clusters) {
    byId = clusters.stream().collect(Collectors.toUnmodifiableMap(Cluster::id, Function.identity()));
    bySeeds = clusters.stream().collect(Collectors.toUnmodifiableMap(Cluster::seeds, Function.identity()));
  }

  /// @throws Refused CALLER_NOT_ALLOWED unless the caller is attested for this cluster
  public Cluster requireOwn(Caller caller, ClusterId id) {
    return requireOwn(caller, Optional.ofNullable(byId.get(id)));
  }

  /// @throws Refused CALLER_NOT_ALLOWED unless the caller is attested for the cluster of these seed peers
  public Cluster requireOwn(Caller caller, SeedClusterId id) {
    return requireOwn(caller, Optional.ofNullable(bySeeds.get(id)));
  }

  /// Those that the caller may be sent to, by id.
  public List<Cluster> of(Caller caller) {
    return byId.values().stream().filter(cluster -> isOwn(caller, cluster)).toList();
  }

  private static Cluster requireOwn(Caller caller, Optional<Cluster> cluster) {
    return cluster
        .filter(found -> isOwn(caller, found))
        .orElseThrow(() -> new Refused(Reason.CALLER_NOT_ALLOWED, "the caller is not attested for this cluster"));
  }

  private static boolean isOwn(Caller caller, Cluster cluster) {
    return caller.cluster().filter(cluster.name().value()::equals).isPresent();
  }
}
