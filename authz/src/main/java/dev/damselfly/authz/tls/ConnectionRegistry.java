package dev.damselfly.authz.tls;

import dev.damselfly.api.id.Sha256;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.Verdict;
import io.netty.channel.Channel;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All open connections with the identity that opened them. Ends a connection when the SVID of either end expires,
/// when it is 12 h old, and at once when the bundles no longer hold the authority that vouched for its peer
/// (L4, L5, B-17). Thread-safe; a channel leaves by itself when it closes.
public final class ConnectionRegistry implements AutoCloseable {
  /// Longest life of a connection.
  public static final Duration MAX_AGE = Duration.ofHours(12);

  private static final Duration SWEEP_EVERY = Duration.ofSeconds(1);
  private static final Duration LONGEST_NOTICE = Duration.ofMinutes(5);

  private record Open(
      Verdict.Accepted peer, Instant renewAt, Instant deadline, Manners manners, AtomicBoolean renewed) {}

  /// How a connection goes.
  ///
  /// @param renew called once, when a third of the time that was left at registration remains, at most five minutes:
  ///     time to open another connection and to let this one come to its end
  /// @param end called once per sweep until the channel is closed
  public record Manners(Runnable renew, Consumer<Channel> end) {}

  private final IdentitySource identity;
  private final InstantSource clock;
  private final ConcurrentHashMap<Channel, Open> open = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable Running> running = new AtomicReference<>();

  private volatile boolean closed;

  private record Running(ScheduledExecutorService timer, IdentitySource.Subscription subscription) {}

  public ConnectionRegistry(IdentitySource identity, InstantSource clock) {
    this.identity = identity;
    this.clock = clock;
  }

  /// Follows the identity and looks at deadlines once a second, on a thread of its own, until [#close].
  public ConnectionRegistry start() {
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("connection-age").factory());
    var started = new Running(timer, identity.subscribe(_ -> sweep()));
    if (!running.compareAndSet(null, started)) {
      stop(started);
      throw new IllegalStateException("already started");
    }
    timer.scheduleWithFixedDelay(this::sweepOnTimer, 0, SWEEP_EVERY.toMillis(), TimeUnit.MILLISECONDS);
    return this;
  }

  /// Takes a connection whose handshake is done; it is closed when its time comes.
  public void register(Channel channel, Verdict.Accepted peer) {
    register(channel, peer, Channel::close);
  }

  /// Takes a connection that is ended in another way than by closing the channel.
  ///
  /// @param end called once per sweep until the channel is closed; returns soon
  public void register(Channel channel, Verdict.Accepted peer, Consumer<Channel> end) {
    register(channel, peer, new Manners(() -> {}, end));
  }

  /// Takes a connection whose owner replaces it in time. What is called returns soon.
  public void register(Channel channel, Verdict.Accepted peer, Manners manners) {
    Instant now = clock.instant();
    Instant deadline = min(now.plus(MAX_AGE), min(peer.notAfter(), identity.current().notAfter()));
    Duration third = Duration.between(now, deadline).dividedBy(3);
    Instant renewAt = deadline.minus(third.compareTo(LONGEST_NOTICE) < 0 ? third : LONGEST_NOTICE);
    var entry = new Open(peer, renewAt, deadline, manners, new AtomicBoolean());
    open.put(channel, entry);
    channel.closeFuture().addListener(_ -> open.remove(channel));
    if (closed) { // after the entry: whoever closes this sees the entry, or we see that it is closed
      channel.close();
      return;
    }
    judge(channel, entry, trusted()); // the bundles may have changed since the handshake began
  }

  /// Number of open connections.
  public int size() {
    return open.size();
  }

  /// Ends every connection whose time has come, and announces to their owners those whose time comes soon.
  public void sweep() {
    Map<TrustDomain, Set<Sha256>> trusted = trusted();
    open.forEach((channel, entry) -> judge(channel, entry, trusted));
  }

  private Map<TrustDomain, Set<Sha256>> trusted() {
    return identity.current().bundles().fingerprints();
  }

  private void judge(Channel channel, Open entry, Map<TrustDomain, Set<Sha256>> trusted) {
    Set<Sha256> authorities = trusted.getOrDefault(entry.peer().id().trustDomain(), Set.of());
    Instant now = clock.instant();
    if (!authorities.contains(entry.peer().authority()) || !now.isBefore(entry.deadline())) {
      entry.manners().end().accept(channel);
    } else if (!now.isBefore(entry.renewAt()) && entry.renewed().compareAndSet(false, true)) {
      entry.manners().renew().run();
    }
  }

  private void sweepOnTimer() {
    try {
      sweep();
    } catch (RuntimeException e) {
      System.getLogger(ConnectionRegistry.class.getName()).log(System.Logger.Level.ERROR, "sweep failed", e);
    }
  }

  private static Instant min(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  /// Stops looking and closes every connection that is open, and those that come later at once.
  @Override
  public void close() {
    closed = true;
    Running started = running.getAndSet(null);
    if (started != null) {
      stop(started);
    }
    open.keySet().forEach(Channel::close);
  }

  private static void stop(Running started) {
    started.subscription().close();
    started.timer().shutdownNow();
  }
}
