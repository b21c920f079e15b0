package dev.damselfly.scheduler.host;

import com.google.protobuf.Duration;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsResponse;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import java.net.InetAddress;
import java.time.InstantSource;
import java.util.Map;

/// AnnounceHost, ListHosts, DeleteHost. Thread-safe.
public final class HostCalls {
  /// Largest stored announcement in bytes.
  public static final int MAX_ANNOUNCEMENT = 16 << 10;

  private static final java.time.Duration DEFAULT_INTERVAL = java.time.Duration.ofMinutes(5);
  private static final java.time.Duration MAX_INTERVAL = java.time.Duration.ofDays(1);
  private static final int NORMAL = 0;
  private static final int SEED = 1;

  private final Hosts hosts;
  private final long clusterId;
  private final Departure departure;
  private final Audit audit;
  private final InstantSource clock;

  /// Told when a host is gone, so that its peers leave.
  @FunctionalInterface
  public interface Departure {
    void gone(Host host);
  }

  public HostCalls(Hosts hosts, long clusterId, Departure departure, Audit audit, InstantSource clock) {
    this.hosts = hosts;
    this.clusterId = clusterId;
    this.departure = departure;
    this.audit = audit;
    this.clock = clock;
  }

  public void announce(AnnounceHostRequest request, Caller caller) {
    var host = request.getHost();
    requireRole(host.getType(), caller);
    Field.parse("host.ip", () -> requireLiteral(host.getIp()));
    Field.parse("host.hostname", () -> requireName(host.getHostname(), caller));
    Field.parse("host", () -> requireSize(host.getSerializedSize()));
    var interval = Field.parse("interval", () -> request.hasInterval() ? interval(request.getInterval()) : DEFAULT_INTERVAL);

    boolean known = hosts.find(host.getId()).isPresent();
    var stored = host.toBuilder().setSchedulerClusterId(clusterId).build();
    hosts.reclaim(caller, host.getId()).ifPresent(departure::gone);
    var replaced = hosts.announce(caller, host.getId(), new Host.Announced(stored, interval, clock.instant()));
    replaced.ifPresent(departure::gone);
    if (!known) {
      record(AuditAction.PEER_JOIN, host.getId(), caller);
    }
  }

  public ListHostsResponse list(ListHostsRequest request) {
    var response = ListHostsResponse.newBuilder();
    for (Host host : hosts.all()) {
      if (!request.hasType() || request.getType() == (host.isSeed() ? SEED : NORMAL)) {
        response.addHosts(host.announced().message());
      }
    }
    return response.build();
  }

  public void delete(DeleteHostRequest request, Caller caller) {
    Host host = hosts.requireOwned(request.getHostId(), caller);
    hosts.remove(host);
    departure.gone(host);
    record(AuditAction.PEER_LEAVE, host.id(), caller);
  }

  private void record(AuditAction action, String hostId, Caller caller) {
    audit.record(
        new AuditEvent(
            action,
            caller.id().toString(),
            "host:" + hostId,
            AuditEvent.Decision.DONE,
            "",
            caller.remote().getHostString(),
            Map.of()));
  }

  private static void requireRole(int type, Caller caller) {
    int own = caller.role() == Role.SEED_PEER ? SEED : NORMAL;
    if (type != own) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "host.type: is not the role of this identity");
    }
  }

  private static String requireName(String hostname, Caller caller) {
    if (caller.role() != Role.LEGACY && !hostname.equals(caller.name())) { // a legacy id is bound to its host name
      throw new InvalidValue("must be the host of the caller's identity");
    }
    return hostname;
  }

  private static InetAddress requireLiteral(String ip) {
    try {
      if (ip.length() > 45 || ip.indexOf('%') >= 0) {
        throw new InvalidValue("must be an IP literal");
      }
      InetAddress address = InetAddress.ofLiteral(ip);
      if (ip.indexOf(':') < 0 && !address.getHostAddress().equals(ip)) {
        throw new InvalidValue("must be an IP literal");
      }
      return address;
    } catch (IllegalArgumentException e) {
      throw new InvalidValue("must be an IP literal");
    }
  }

  private static int requireSize(int bytes) {
    if (bytes > MAX_ANNOUNCEMENT) {
      throw new InvalidValue("must have at most 16 KiB");
    }
    return bytes;
  }

  private static java.time.Duration interval(Duration wire) {
    if (wire.getSeconds() < 0 || wire.getNanos() < 0 || wire.getNanos() > 999_999_999) {
      throw new InvalidValue("must not be negative");
    }
    var value = java.time.Duration.ofSeconds(Math.min(wire.getSeconds(), MAX_INTERVAL.toSeconds()), wire.getNanos());
    return value.isZero() ? DEFAULT_INTERVAL : value;
  }
}
