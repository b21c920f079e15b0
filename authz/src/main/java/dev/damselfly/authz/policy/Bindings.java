package dev.damselfly.authz.policy;

import com.google.protobuf.Message;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.policy.Policy.Binding;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.LongFunction;

/// Reusable ties between message fields and the caller's SVID. Immutable.
///
/// A field inside a message that is not set binds nothing: one row serves all members of a oneof. A field that is
/// set, or has no presence, must hold exactly what the identity may say; an empty id is nobody's.
public final class Bindings {
  private final Advertised advertised;
  private final OwnIds own;

  public Bindings(Advertised advertised) {
    this.advertised = advertised;
    this.own = new OwnIds(advertised);
  }

  /// All of these, in order; the first refusal wins.
  public static Binding all(Binding... bindings) {
    List<Binding> list = List.of(bindings);
    return (caller, message) -> list.forEach(binding -> binding.check(caller, message));
  }

  /// Only for callers of this role; others pass without it.
  public static Binding when(Role role, Binding binding) {
    return (caller, message) -> {
      if (caller.role() == role) {
        binding.check(caller, message);
      }
    };
  }

  /// The field is the host id of the caller.
  public Binding hostId(String field) {
    return text(field, own::ownsHost, "must be the host id of the calling identity at its own address");
  }

  /// The field is a peer id of the caller's host.
  public Binding peerId(String field) {
    return text(field, own::ownsPeer, "must be a peer id of the calling identity's host");
  }

  /// The field is the caller's host or process name, the last segment of its SPIFFE ID.
  public Binding hostname(String field) {
    return text(field, (caller, name) -> name.equals(caller.name()), "must be the name of the calling identity");
  }

  /// The field is an address that the caller may claim.
  public Binding address(String field) {
    return text(field, advertised::mayClaim, "must be the observed address or lie in an admitted block");
  }

  /// The numeric cluster field is the cluster of the caller's SPIFFE ID, spelled in decimal.
  public Binding cluster(String field) {
    return cluster(field, Long::toUnsignedString);
  }

  /// The numeric cluster field is the cluster of the caller's SPIFFE ID.
  ///
  /// @param segment path segment of a cluster by its number
  public Binding cluster(String field, LongFunction<String> segment) {
    var path = FieldPath.of(field);
    return (caller, message) ->
        path.in(message).ifPresent(value -> {
          String named = segment.apply((Long) value);
          require(caller.cluster().filter(named::equals).isPresent(), field, "must be the cluster of the calling identity");
        });
  }

  /// The `Host` message under the field describes the caller itself: id, name, address, seed flag and cluster.
  ///
  /// Cluster 0 means "not said" and is left to the receiver, which knows the cluster from the SVID.
  public Binding host(String field) {
    Binding parts = all(hostId(field + ".id"), hostname(field + ".hostname"), address(field + ".ip"));
    var type = FieldPath.of(field + ".type");
    var clusterId = FieldPath.of(field + ".scheduler_cluster_id");
    Binding cluster = cluster(field + ".scheduler_cluster_id");
    return (caller, message) -> {
      parts.check(caller, message);
      type.in(message).ifPresent(value -> requireSeedFlag(caller, (Integer) value, field + ".type"));
      if (clusterId.in(message).filter(value -> (Long) value != 0).isPresent()) {
        cluster.check(caller, message);
      }
    };
  }

  /// The `Host` message under the field describes a host of a legacy caller: an address that it may claim, an id made of
  /// that address and the host name, and no seed.
  public Binding legacyHost(String field) {
    Binding parts = all(hostId(field + ".id"), address(field + ".ip"));
    var id = FieldPath.of(field + ".id");
    var ip = FieldPath.of(field + ".ip");
    var name = FieldPath.of(field + ".hostname");
    var type = FieldPath.of(field + ".type");
    return (caller, message) -> {
      parts.check(caller, message);
      Optional<String> made = ip.in(message).flatMap(address -> name.in(message).map(host -> address + "-" + host));
      require(id.in(message).map(String::valueOf).equals(made), field + ".id", "must be the address and the host name");
      type.in(message).ifPresent(value -> require((Integer) value == 0, field + ".type", "must be 0: a seed has an identity"));
    };
  }

  /// The message names no local path, no credential file, and switches no protection off.
  public static Binding noLocalPowers() {
    return (caller, message) -> ForbiddenFields.check(message);
  }

  private static void requireSeedFlag(Caller caller, int type, String field) {
    require((type != 0) == (caller.role() == Role.SEED_PEER), field, "must be the role of the calling identity");
  }

  private static Binding text(String field, BiPredicate<Caller, String> rule, String text) {
    var path = FieldPath.of(field);
    return (Caller caller, Message message) ->
        path.in(message).ifPresent(value -> require(rule.test(caller, (String) value), field, text));
  }

  private static void require(boolean holds, String field, String rule) {
    if (!holds) {
      throw refusal(field, rule);
    }
  }

  private static RequestFailure refusal(String field, String rule) {
    return new Refused(Reason.CALLER_NOT_ALLOWED, field + ": " + rule);
  }
}
