package dev.damselfly.scheduler.seed;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.ring.HashRing;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.task.TaskKey;
import dev.damselfly.scheduler.time.Timer;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Places tasks on seeds by the ring of the clients, over the names of announced seed hosts that answer a health
/// check, and makes the owner fetch. Each trigger has a slot, a deadline and this object as its owner: `close` ends all.
public final class SeedTrigger implements Seeds, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SeedTrigger.class);

  private final Hosts hosts;
  private final SeedChannels channels;
  private final SeedConfig config;
  private final Timer timer;
  private final ExecutorService runs = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicBoolean roundWaits = new AtomicBoolean();
  private final ReentrantLock rounds = new ReentrantLock();
  private volatile HashRing<Host> ring = HashRing.of(List.of());

  @GuardedBy("this")
  private final Set<TaskKey> running = new HashSet<>();

  @GuardedBy("this")
  private Timer.Alarm checks = () -> {};

  public SeedTrigger(Hosts hosts, SeedChannels channels, SeedConfig config, Timer timer) {
    this.hosts = hosts;
    this.channels = channels;
    this.config = config;
    this.timer = timer;
  }

  public synchronized void start() {
    checks = timer.every(config.checkInterval(), this::refresh);
  }

  @Override
  public boolean isAvailable() {
    return !ring.members().isEmpty();
  }

  /// A seed announced itself: checked at once, so that the first download does not wait for the next round. However many
  /// announce themselves meanwhile, one round runs and one waits.
  public void announced(Host host) {
    if (host.isSeed() && !contains(host) && roundWaits.compareAndSet(false, true) && !submit(this::waitingRound)) {
      roundWaits.set(false);
    }
  }

  private void waitingRound() {
    rounds.lock();
    try {
      roundWaits.set(false); // who comes from now on may not be in this round
      refresh();
    } finally {
      rounds.unlock();
    }
  }

  private boolean contains(Host host) {
    return ring.members().stream().anyMatch(member -> member.value().id().equals(host.id()));
  }

  /// Asks every announced seed; those that serve are the ring.
  public void refresh() {
    var healthy = new ArrayList<HashRing.Member<Host>>();
    for (Host host : hosts.all()) {
      if (host.isSeed() && healthy.size() < HashRing.MAX_MEMBERS && isServing(host)) {
        healthy.add(new HashRing.Member<>(host.hostname(), host));
      }
    }
    ring = HashRing.of(healthy);
  }

  private boolean isServing(Host seed) {
    ManagedChannel channel = channels.open(seed);
    try {
      var answer =
          HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(config.checkTimeout().toMillis(), TimeUnit.MILLISECONDS)
              .check(HealthCheckRequest.getDefaultInstance());
      return answer.getStatus() == ServingStatus.SERVING;
    } catch (StatusRuntimeException e) {
      LOG.debug("seed {} does not answer: {}", seed.id(), e.getStatus().getCode());
      return false;
    } finally {
      channel.shutdownNow();
    }
  }

  @Override
  public boolean trigger(TaskKey task, Download download) {
    Optional<Host> seed = ring.owner(task.id().value());
    Optional<Download> message = PublicDownload.of(download);
    if (task.restricted() || seed.isEmpty() || message.isEmpty()) {
      return false;
    }
    synchronized (this) {
      if (running.contains(task)) {
        return true;
      }
      if (running.size() >= config.concurrent()) {
        return false;
      }
      running.add(task);
    }
    if (!submit(() -> fetch(task, seed.get(), message.get()))) {
      done(task);
      return false;
    }
    return true;
  }

  private void fetch(TaskKey task, Host seed, Download download) {
    ManagedChannel channel = channels.open(seed);
    try {
      var answers =
          DfdaemonUploadGrpc.newBlockingStub(channel)
              .withDeadlineAfter(config.deadline().toMillis(), TimeUnit.MILLISECONDS)
              .downloadTask(DownloadTaskRequest.newBuilder().setDownload(download).build());
      while (answers.hasNext()) {
        answers.next(); // progress comes over the seed's own stream to us
      }
    } catch (StatusRuntimeException e) {
      LOG.warn("seed {} did not fetch task {}: {}", seed.id(), task.id(), e.getStatus().getCode());
    } finally {
      channel.shutdownNow();
      done(task);
    }
  }

  private boolean submit(Runnable work) {
    try {
      runs.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false; // closed
    }
  }

  private synchronized void done(TaskKey task) {
    running.remove(task);
  }

  /// Triggers that run now.
  synchronized int runningTriggers() {
    return running.size();
  }

  @Override
  public void close() {
    synchronized (this) {
      checks.cancel();
    }
    runs.shutdownNow();
    try {
      if (!runs.awaitTermination(5, TimeUnit.SECONDS)) {
        LOG.warn("a seed trigger did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
