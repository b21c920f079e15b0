package dev.damselfly.authz.identity;

import java.util.List;
import java.util.Optional;

/// Maps SPIFFE IDs of one trust domain to roles (design decision D2). Exact segments, no prefixes, no wildcards.
///
/// ```
/// spiffe://<trust-domain>/damselfly/manager/<name>
/// spiffe://<trust-domain>/damselfly/scheduler/<cluster>/<name>
/// spiffe://<trust-domain>/damselfly/peer/<cluster>/<host>
/// spiffe://<trust-domain>/damselfly/seed-peer/<cluster>/<host>
/// spiffe://<trust-domain>/damselfly/operator/<name>
/// ```
public record RoleTemplate(TrustDomain trustDomain) {
  private static final String ROOT = "damselfly";

  /// What an id means.
  ///
  /// @param cluster absent for roles that belong to no cluster
  public record Meaning(Role role, Optional<String> cluster, String name) {}

  /// Absent for ids of other trust domains and for every id that is not exactly of one of the forms.
  public Optional<Meaning> meaningOf(SpiffeId id) {
    List<String> path = id.path();
    if (!id.trustDomain().equals(trustDomain) || path.size() < 3 || !path.getFirst().equals(ROOT)) {
      return Optional.empty();
    }
    return switch (path.get(1)) {
      case "manager" -> alone(Role.MANAGER, path);
      case "operator" -> alone(Role.OPERATOR, path);
      case "scheduler" -> inCluster(Role.SCHEDULER, path);
      case "peer" -> inCluster(Role.PEER, path);
      case "seed-peer" -> inCluster(Role.SEED_PEER, path);
      default -> Optional.empty();
    };
  }

  private static Optional<Meaning> alone(Role role, List<String> path) {
    return path.size() == 3 ? Optional.of(new Meaning(role, Optional.empty(), path.get(2))) : Optional.empty();
  }

  private static Optional<Meaning> inCluster(Role role, List<String> path) {
    return path.size() == 4
        ? Optional.of(new Meaning(role, Optional.of(path.get(2)), path.get(3)))
        : Optional.empty();
  }
}
