package dev.damselfly.scheduler.cluster;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.scheduler.time.Timer;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This scheduler's registration at the manager: registered once, kept alive, settings fetched every minute.
/// A manager that is away later changes nothing: the last values stay. `start` and `close` belong to the process.
public final class ManagerLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ManagerLink.class);
  private static final Duration CALL = Duration.ofSeconds(10);

  private final Self self;
  private final ManagedChannel channel;
  private final Cluster cluster;
  private final Timer timer;
  private final Pace pace;
  private final List<Timer.Alarm> alarms = new ArrayList<>();

  @GuardedBy("this")
  private @Nullable StreamObserver<KeepAliveRequest> keepAlive;

  /// What the manager is told about this scheduler.
  public record Self(String hostname, long clusterId, String ip, int port, String idc, String location) {}

  /// @param startDeadline how long the first registration may take
  public record Pace(Duration startDeadline, Duration keepAlive, Duration refresh) {
    public static final Pace DEFAULT = new Pace(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofMinutes(1));
  }

  /// The manager did not take the registration in time: the process must not start.
  public static final class ManagerAbsent extends Exception {
    private static final long serialVersionUID = 1L;

    ManagerAbsent(Throwable cause) {
      super("the manager did not take this scheduler's registration in time", cause);
    }
  }

  /// @param channel closed with this link
  public ManagerLink(Self self, ManagedChannel channel, Cluster cluster, Timer timer, Pace pace) {
    this.self = self;
    this.channel = channel;
    this.cluster = cluster;
    this.timer = timer;
    this.pace = pace;
  }

  /// Registers, fetches the settings once, and keeps doing what has to be repeated.
  public void start() throws ManagerAbsent {
    var request =
        UpdateSchedulerRequest.newBuilder()
            .setSourceType(SourceType.SCHEDULER_SOURCE)
            .setHostname(self.hostname())
            .setSchedulerClusterId(self.clusterId())
            .setIdc(self.idc())
            .setLocation(self.location())
            .setIp(self.ip())
            .setPort(self.port())
            .addFeatures("schedule")
            .setConfig(ByteString.copyFromUtf8("{\"manager_keep_alive_interval\":" + pace.keepAlive().toNanos() + "}"))
            .build();
    try {
      stub(pace.startDeadline()).withWaitForReady().updateScheduler(request);
    } catch (StatusRuntimeException e) {
      throw new ManagerAbsent(e);
    }
    refresh();
    beat(); // active at once, not after the first interval
    alarms.add(timer.every(pace.keepAlive(), this::beat));
    alarms.add(timer.every(pace.refresh(), this::refresh));
  }

  private ManagerGrpc.ManagerBlockingStub stub(Duration deadline) {
    return ManagerGrpc.newBlockingStub(channel).withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Fetches the settings; what cannot be fetched or read keeps its last value.
  void refresh() {
    try {
      Scheduler answer = stub(CALL).getScheduler(GetSchedulerRequest.newBuilder()
          .setSourceType(SourceType.SCHEDULER_SOURCE)
          .setHostname(self.hostname())
          .setSchedulerClusterId(self.clusterId())
          .setIp(self.ip())
          .build());
      cluster.accept(ClusterSettings.parse(answer.getSchedulerCluster().getConfig()));
    } catch (StatusRuntimeException e) {
      LOG.warn("the manager gave no cluster settings: {}", e.getStatus().getCode());
    } catch (InvalidValue e) {
      LOG.warn("the manager's cluster settings are not usable: {}", e.rule());
    }
    try {
      var answer = stub(CALL).listApplications(ListApplicationsRequest.newBuilder()
          .setSourceType(SourceType.SCHEDULER_SOURCE)
          .setHostname(self.hostname())
          .setIp(self.ip())
          .build());
      cluster.accept(Applications.of(answer.getApplicationsList()));
    } catch (StatusRuntimeException e) {
      switch (e.getStatus().getCode()) {
        case NOT_FOUND -> cluster.accept(Applications.NONE); // none is configured
        default -> LOG.warn("the manager gave no applications: {}", e.getStatus().getCode());
      }
    }
  }

  /// One sign of life; a broken stream is dialled again.
  private synchronized void beat() {
    StreamObserver<KeepAliveRequest> stream = keepAlive;
    if (stream == null) {
      stream = ManagerGrpc.newStub(channel).keepAlive(new Answer());
      keepAlive = stream;
    }
    stream.onNext(
        KeepAliveRequest.newBuilder()
            .setSourceType(SourceType.SCHEDULER_SOURCE)
            .setHostname(self.hostname())
            .setClusterId(self.clusterId())
            .setIp(self.ip())
            .build());
  }

  private synchronized void lost() {
    keepAlive = null;
  }

  /// The end of the keep-alive stream: the next beat opens another.
  private final class Answer implements StreamObserver<Empty> {
    @Override
    public void onNext(Empty value) {}

    @Override
    public void onError(Throwable t) {
      lost();
    }

    @Override
    public void onCompleted() {
      lost();
    }
  }

  @Override
  public void close() {
    alarms.forEach(Timer.Alarm::cancel);
    synchronized (this) {
      if (keepAlive != null) {
        keepAlive.onCompleted();
        keepAlive = null;
      }
    }
    channel.shutdown();
    try {
      if (!channel.awaitTermination(2, TimeUnit.SECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      channel.shutdownNow();
    }
  }
}
