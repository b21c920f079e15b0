package dev.damselfly.scheduler.host;

import dev.damselfly.authz.identity.SpiffeId;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// A host that its own identity announced. Thread-safe: facts and load are immutable values that are swapped whole.
public final class Host {
  private final String id;
  private final SpiffeId owner;
  private final Kind kind;
  private final Instant createdAt;
  private final AtomicReference<Announced> announced;
  private final AtomicReference<HostLoad> load = new AtomicReference<>(HostLoad.NONE);
  private final AtomicInteger registering = new AtomicInteger();

  /// What the caller that announced it is: from its identity, never from the announcement.
  public enum Kind {
    NORMAL,
    SEED,
    /// No identity stands behind it: nothing that it reports counts for hosts with one.
    LEGACY
  }

  /// The newest announcement.
  ///
  /// @param message as sent, with our own cluster id
  /// @param interval time to the next announcement that the host promised
  public record Announced(dev.damselfly.api.wire.common.v2.Host message, Duration interval, Instant at) {}

  /// What parent selection reads of a host.
  ///
  /// @param maxTxBits announced upload bandwidth, 0 when unknown
  public record Facts(String id, boolean seed, boolean shared, String idc, String location, long maxTxBits) {}

  /// @param seed the identity has the seed role; never taken from the announcement
  public Host(String id, SpiffeId owner, boolean seed, Announced first) {
    this(id, owner, seed ? Kind.SEED : Kind.NORMAL, first);
  }

  public Host(String id, SpiffeId owner, Kind kind, Announced first) {
    this.id = id;
    this.owner = owner;
    this.kind = kind;
    this.createdAt = first.at();
    this.announced = new AtomicReference<>(first);
  }

  public String id() {
    return id;
  }

  public SpiffeId owner() {
    return owner;
  }

  public boolean isSeed() {
    return kind == Kind.SEED;
  }

  public boolean isLegacy() {
    return kind == Kind.LEGACY;
  }

  public Instant createdAt() {
    return createdAt;
  }

  public Announced announced() {
    return announced.get();
  }

  void announce(Announced newer) {
    announced.set(newer);
  }

  public String hostname() {
    return announced().message().getHostname();
  }

  public String ip() {
    return announced().message().getIp();
  }

  public Facts facts() {
    var message = announced().message();
    var network = message.getNetwork();
    return new Facts(
        id,
        isSeed(),
        !message.getDisableShared(),
        network.getIdc(),
        network.getLocation(),
        Math.max(0, network.getMaxTxBandwidth()));
  }

  public HostLoad load() {
    return load.get();
  }

  public void addUpload(HostLoad.Cost edge) {
    load.updateAndGet(now -> now.plus(edge));
  }

  public void removeUpload(HostLoad.Cost edge) {
    load.updateAndGet(now -> now.minus(edge));
  }

  public void uploadFailed() {
    load.updateAndGet(HostLoad::plusFailure);
  }

  /// Counts a registration that begins; the result includes it.
  public int beginRegistration() {
    return registering.incrementAndGet();
  }

  public void endRegistration() {
    registering.decrementAndGet();
  }

  /// True when the host was silent for more than two of its own intervals.
  public boolean isSilent(Instant now) {
    var last = announced();
    return !last.interval().isZero() && last.at().plus(last.interval().multipliedBy(2)).isBefore(now);
  }
}
