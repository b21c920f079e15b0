package dev.damselfly.manager.cluster;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.egress.Cidr;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A cluster as the operator declares it.
///
/// @param bio text for people, at most 1024 characters
/// @param isDefault taken when nothing else speaks for another one
/// @param memberNetworks where schedulers and seed peers may say they are, besides the address they come from
/// @param blocks what its members refuse to download
public record ClusterSpec(
    ClusterName name,
    String bio,
    boolean isDefault,
    Scopes scopes,
    ClusterLimits limits,
    List<Cidr> memberNetworks,
    ClusterBlocks blocks) {
  public static final int MAX_BIO = 1024;
  public static final int MAX_NETWORKS = 64;

  /// Without block lists.
  public ClusterSpec(
      ClusterName name, String bio, boolean isDefault, Scopes scopes, ClusterLimits limits, List<Cidr> memberNetworks) {
    this(name, bio, isDefault, scopes, limits, memberNetworks, ClusterBlocks.NONE);
  }

  public ClusterSpec {
    if (bio.length() > MAX_BIO) {
      throw new InvalidValue("bio has at most 1024 characters");
    }
    if (memberNetworks.size() > MAX_NETWORKS) {
      throw new InvalidValue("a cluster has at most 64 member networks");
    }
    if (ClusterDocuments.scopes(scopes).getBytes(StandardCharsets.UTF_8).length > Scopes.MAX_DOCUMENT) {
      throw new InvalidValue("scopes have at most 8 KiB as a document");
    }
    memberNetworks = List.copyOf(memberNetworks);
  }
}
