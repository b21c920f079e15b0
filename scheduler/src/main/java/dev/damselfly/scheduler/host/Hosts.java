package dev.damselfly.scheduler.host;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All announced hosts: one per identity, one identity per host id. Legacy callers may have several at one address, and
/// all of theirs together never take more than half of the places. Thread-safe.
public final class Hosts {
  /// Legacy hosts of one address at once (B-21).
  static final int LEGACY_PER_ADDRESS = 16;

  private final int max;

  @GuardedBy("this")
  private final Map<String, Host> byId = new LinkedHashMap<>();

  @GuardedBy("this")
  private final Map<SpiffeId, Host> byOwner = new HashMap<>();

  @GuardedBy("this")
  private final Map<SpiffeId, Integer> legacy = new HashMap<>();

  @GuardedBy("this")
  private int legacyHosts;

  /// @param max hosts at once (B-21)
  public Hosts(int max) {
    this.max = max;
  }

  /// Creates or refreshes the caller's host.
  ///
  /// @return the host that the same identity announced under another id before; its peers have to leave
  public synchronized Optional<Host> announce(Caller caller, String id, Host.Announced announced) {
    Host known = byId.get(id);
    if (known != null) {
      if (!known.owner().equals(caller.id())) {
        throw new Refused(Reason.ID_BOUND_ELSEWHERE, "this host id belongs to another identity");
      }
      known.announce(announced);
      return Optional.empty();
    }
    if (caller.role() == Role.LEGACY) {
      addLegacy(new Host(id, caller.id(), Host.Kind.LEGACY, announced));
      return Optional.empty();
    }
    Host earlier = byOwner.get(caller.id());
    if (earlier == null && byId.size() >= max) {
      throw new Refused(Reason.LIMIT_EXCEEDED, "the scheduler knows as many hosts as it may");
    }
    if (earlier != null) {
      byId.remove(earlier.id());
    }
    var host = new Host(id, caller.id(), caller.role() == Role.SEED_PEER, announced);
    byId.put(id, host);
    byOwner.put(caller.id(), host);
    return Optional.ofNullable(earlier);
  }

  @GuardedBy("this")
  private void addLegacy(Host host) {
    int own = legacy.getOrDefault(host.owner(), 0);
    if (own >= LEGACY_PER_ADDRESS || legacyHosts >= max / 2 || byId.size() >= max) {
      throw new Refused(Reason.LIMIT_EXCEEDED, "there are as many hosts without an identity as there may be");
    }
    legacy.put(host.owner(), own + 1);
    legacyHosts++;
    byId.put(host.id(), host);
  }

  /// A caller with an identity takes its id back from a host without one.
  ///
  /// @return the host that had it; its peers have to leave
  public synchronized Optional<Host> reclaim(Caller caller, String id) {
    Host known = byId.get(id);
    if (known == null || !known.isLegacy() || caller.role() == Role.LEGACY) {
      return Optional.empty();
    }
    remove(known);
    return Optional.of(known);
  }

  public synchronized Optional<Host> find(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  /// The announced host of the caller.
  public Host requireOwned(String id, Caller caller) {
    Host host = find(id).orElseThrow(() -> new Refused(Reason.HOST_UNKNOWN, "this host was not announced"));
    if (!host.owner().equals(caller.id())) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "host_id: belongs to another identity");
    }
    return host;
  }

  public synchronized void remove(Host host) {
    if (byId.remove(host.id(), host)) {
      byOwner.remove(host.owner(), host);
      if (host.isLegacy()) {
        legacyHosts--;
        legacy.computeIfPresent(host.owner(), (_, own) -> own == 1 ? null : own - 1);
      }
    }
  }

  public synchronized List<Host> all() {
    return List.copyOf(byId.values());
  }
}
