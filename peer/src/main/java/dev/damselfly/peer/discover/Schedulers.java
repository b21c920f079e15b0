package dev.damselfly.peer.discover;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.ring.HashRing;
import dev.damselfly.peer.time.Timer;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The healthy schedulers of this host's cluster, kept fresh: every 60 s, and at once after a loss.
///
/// One virtual thread does all asking, so answers never cross; readers see the newest complete snapshot. An empty
/// answer keeps the last list, and is asked for again in 3 s.
public final class Schedulers implements AutoCloseable {
  static final Duration REFRESH = Duration.ofSeconds(60);
  private static final Duration START_PATIENCE = Duration.ofSeconds(30);
  private static final Duration START_AGAIN = Duration.ofMillis(250);
  private static final Duration EMPTY_AGAIN = Duration.ofSeconds(3);
  private static final Duration HEALTH_DEADLINE = Duration.ofSeconds(3);
  private static final int MAX_CHECKS = 3; // a connection can end with an SVID while it is asked
  private static final Logger LOG = LoggerFactory.getLogger(Schedulers.class);

  private final Directory directory;
  private final Function<HostPort, ManagedChannel> channels;
  private final HostAnnouncer announcer;
  private final Timer timer;
  private final BlockingQueue<Wish> wishes = new LinkedBlockingQueue<>(16);
  private final Map<HostPort, ManagedChannel> open = new HashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile Snapshot now = new Snapshot(List.of(), HashRing.of(List.of()));
  private final Map<HostPort, Long> unnamed = new HashMap<>(); // since when, in nanoseconds of the timer
  private final AtomicBoolean emptyAnswer = new AtomicBoolean();
  private volatile boolean closed;
  private final Thread worker;

  private enum Wish {
    REFRESH,
    ANNOUNCE,
    STOP
  }

  /// Ends what it stands for; idempotent.
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  private record Snapshot(List<SchedulerNode> nodes, HashRing<SchedulerNode> ring) {}

  /// @param channels opens a channel that expects a scheduler of this host's cluster
  public Schedulers(
      Directory directory, Function<HostPort, ManagedChannel> channels, HostAnnouncer announcer, Timer timer) {
    this.directory = directory;
    this.channels = channels;
    this.announcer = announcer;
    this.timer = timer;
    this.worker = Thread.ofVirtual().name("schedulers").unstarted(this::work);
  }

  /// Finds schedulers and announces this host to all of them, then keeps both fresh in the background. Waits for the
  /// first one, for [#START_PATIENCE]: processes of a cluster may start in any order.
  ///
  /// @throws RequestFailure BACKEND_DOWN when there is no healthy scheduler
  public void start() {
    awaitFirst();
    for (SchedulerNode node : now.nodes) {
      announcer.announce(node);
    }
    worker.start();
    again(REFRESH, Wish.REFRESH);
    again(HostAnnouncer.INTERVAL, Wish.ANNOUNCE);
  }

  private void awaitFirst() {
    long end = timer.nanos() + START_PATIENCE.toNanos();
    boolean told = false;
    for (refreshNow(); now.nodes.isEmpty(); refreshNow()) {
      if (closed || timer.nanos() - end >= 0 || !mayAskAgain()) {
        throw new Refused(Reason.BACKEND_DOWN, "manager: it knows no healthy scheduler for this host's cluster");
      }
      if (!told) {
        LOG.info("waits for a scheduler: the manager knows no healthy one for this host's cluster yet");
        told = true;
      }
    }
  }

  /// False when this is closed before the time to ask again.
  private boolean mayAskAgain() {
    try {
      return wishes.poll(START_AGAIN.toMillis(), TimeUnit.MILLISECONDS) != Wish.STOP;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// The scheduler that owns a task (ids 8).
  public Optional<SchedulerNode> owner(TaskId task) {
    return now.ring.owner(task.value());
  }

  public List<SchedulerNode> all() {
    return now.nodes;
  }

  /// A scheduler was lost, or does not know this host: ask now. Wishes that come together are one.
  public void refresh() {
    wishes.offer(Wish.REFRESH);
  }

  /// Calls the listener after each refresh that found schedulers, on the asking thread.
  public Subscription onFound(Runnable listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  private void again(Duration delay, Wish wish) {
    timer.after(
        delay,
        () -> {
          wishes.offer(wish);
          if (!closed) {
            again(delay, wish);
          }
        });
  }

  private void work() {
    try {
      for (Wish wish = wishes.take(); wish != Wish.STOP; wish = wishes.take()) {
        Wish same = wish;
        wishes.removeIf(next -> next == same);
        act(wish);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void act(Wish wish) {
    try {
      if (wish == Wish.REFRESH) {
        Set<HostPort> before = new HashSet<>(now.nodes.stream().map(SchedulerNode::address).toList());
        refreshNow();
        now.nodes.stream().filter(node -> !before.contains(node.address()) || !announcer.knows(node)).forEach(announcer::announceQuietly);
        listeners.forEach(Runnable::run);
      } else {
        now.nodes.forEach(announcer::announceQuietly);
      }
    } catch (RequestFailure failure) {
      LOG.atWarn().addKeyValue("reason", failure.reason()).log("schedulers keep as they are: {}", failure.safeText());
    }
  }

  private void refreshNow() {
    List<Directory.Named> named = directory.ask();
    if (named.isEmpty() && emptyAnswer.compareAndSet(false, true)) {
      timer.after(EMPTY_AGAIN, this::afterEmpty);
    }
    List<SchedulerNode> healthy = healthy(withUnnamed(named));
    if (healthy.isEmpty()) {
      return; // the old list stays: it may answer again
    }
    long cluster = healthy.getFirst().clusterId();
    List<SchedulerNode> nodes = healthy.stream().filter(node -> node.clusterId() == cluster).toList();
    var members =
        nodes.stream()
            .sorted(Comparator.comparingLong(SchedulerNode::id))
            .map(node -> new HashRing.Member<>(node.hostname(), node))
            .toList();
    HashRing<SchedulerNode> ring = HashRing.of(members);
    now = new Snapshot(ring.members().stream().map(HashRing.Member::value).toList(), ring);
    closeUnused();
  }

  /// The manager takes a scheduler for gone in the moment in which that one renews its connection. One that still answers
  /// stays for a while: its grants hold, and its swarms must not move.
  private List<Directory.Named> withUnnamed(List<Directory.Named> named) {
    Set<HostPort> addresses = new HashSet<>(named.stream().map(Directory.Named::address).toList());
    unnamed.keySet().retainAll(now.nodes.stream().map(SchedulerNode::address).toList());
    unnamed.keySet().removeAll(addresses);
    var all = new ArrayList<>(named);
    for (SchedulerNode node : now.nodes) {
      if (!addresses.contains(node.address())) {
        long since = unnamed.computeIfAbsent(node.address(), _ -> timer.nanos());
        if (timer.nanos() - since < REFRESH.toNanos()) {
          all.add(new Directory.Named(node.id(), node.clusterId(), node.hostname(), node.address()));
        }
      }
    }
    return all;
  }

  /// A manager that was started again names nobody until schedulers told it that they live.
  private void afterEmpty() {
    emptyAnswer.set(false);
    refresh();
  }

  private List<SchedulerNode> healthy(List<Directory.Named> named) {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var checks = new ArrayList<Future<Optional<SchedulerNode>>>();
      for (Directory.Named one : named) {
        ManagedChannel channel = open.computeIfAbsent(one.address(), channels);
        checks.add(executor.submit(() -> check(one, channel)));
      }
      var healthy = new ArrayList<SchedulerNode>();
      for (var check : checks) {
        check.get().ifPresent(healthy::add);
      }
      return healthy;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a health check ended in an unknown way", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  private static Optional<SchedulerNode> check(Directory.Named one, ManagedChannel channel) {
    channel.resetConnectBackoff();
    var health =
        HealthGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .withDeadlineAfter(HEALTH_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    for (int attempt = 1; ; attempt++) {
      try {
        var answer = health.check(HealthCheckRequest.getDefaultInstance());
        return answer.getStatus() == ServingStatus.SERVING
            ? Optional.of(new SchedulerNode(one.id(), one.clusterId(), one.hostname(), one.address(), channel))
            : Optional.empty();
      } catch (StatusRuntimeException e) {
        if (attempt == MAX_CHECKS || e.getStatus().getCode() != Status.Code.UNAVAILABLE) {
          return Optional.empty();
        }
      }
    }
  }

  private void closeUnused() {
    Set<HostPort> used = new HashSet<>(now.nodes.stream().map(SchedulerNode::address).toList());
    open.entrySet()
        .removeIf(
            entry -> {
              boolean unused = !used.contains(entry.getKey());
              if (unused) {
                entry.getValue().shutdown(); // streams that still run on it end in their own time
              }
              return unused;
            });
  }

  /// Tells all schedulers that this host leaves, then closes the channels.
  @Override
  public void close() {
    closed = true;
    wishes.clear();
    wishes.offer(Wish.STOP);
    try {
      worker.join(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    now.nodes.forEach(announcer::leave);
    open.values().forEach(ManagedChannel::shutdownNow);
  }
}
