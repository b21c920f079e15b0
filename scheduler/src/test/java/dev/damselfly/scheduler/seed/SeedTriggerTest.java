package dev.damselfly.scheduler.seed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.scheduler.boot.Harness;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.task.TaskKey;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Background work of a scheduler: a slot, a deadline and an owner for each.
@NullMarked
@Timeout(60)
@Threat("S-SCH-11")
class SeedTriggerTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(300);

  private final String name = InProcessServerBuilder.generateName();
  private final Harness scheduler = new Harness();
  private Server seed;

  /// Serves, and never ends what it was asked for.
  private static final class Endless extends DfdaemonUploadGrpc.DfdaemonUploadImplBase {
    @Override
    public void downloadTask(DownloadTaskRequest request, StreamObserver<DownloadTaskResponse> out) {}
  }

  @BeforeEach
  void serve() throws IOException {
    seed =
        InProcessServerBuilder.forName(name)
            .addService(new Endless())
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    scheduler.announce("seed", Role.SEED_PEER);
  }

  @AfterEach
  void close() {
    seed.shutdownNow();
    scheduler.close();
  }

  private SeedTrigger trigger(Duration deadline) {
    var trigger =
        new SeedTrigger(
            scheduler.hosts,
            _ -> InProcessChannelBuilder.forName(name).build(),
            new SeedConfig(LONG, Duration.ofSeconds(20), deadline, 2),
            scheduler.timer);
    trigger.refresh();
    return trigger;
  }

  private static boolean ask(SeedTrigger trigger, String task) {
    return trigger.trigger(
        TaskKey.publicTask(new TaskId(task.repeat(64))), Download.newBuilder().setUrl("http://origin/" + task).build());
  }

  @Test
  void triggers_haveSlotsAndEndWithTheirOwner() {
    var trigger = trigger(LONG);

    assertThat(ask(trigger, "a")).isTrue();
    assertThat(ask(trigger, "b")).isTrue();
    assertThat(ask(trigger, "c")).isFalse();
    assertThat(trigger.runningTriggers()).isEqualTo(2);
    trigger.close();

    assertThat(trigger.runningTriggers()).isZero();
    assertThat(ask(trigger, "d")).isFalse();
    assertThat(trigger.runningTriggers()).isZero();
  }

  @Test
  void trigger_thatNeverEndsLosesItsSlotAtTheDeadline() {
    try (var trigger = trigger(SHORT)) {
      assertThat(ask(trigger, "a")).isTrue();
      assertThat(ask(trigger, "b")).isTrue();

      while (trigger.runningTriggers() > 0) {
        Thread.onSpinWait();
      }

      assertThat(ask(trigger, "c")).isTrue();
    }
  }

  @Test
  void announcements_makeOneRoundRunAndOneWait() throws Exception {
    var opened = new AtomicInteger();
    var go = new CountDownLatch(1);
    SeedChannels slow =
        _ -> {
          opened.incrementAndGet();
          await(go);
          return InProcessChannelBuilder.forName("nobody").build();
        };
    Host host = scheduler.hosts.all().iterator().next();
    try (var trigger = new SeedTrigger(scheduler.hosts, slow, new SeedConfig(LONG, SHORT, SHORT, 2), scheduler.timer)) {
      for (int i = 0; i < 100_000; i++) {
        trigger.announced(host);
      }
      while (opened.get() == 0) {
        Thread.onSpinWait();
      }
      go.countDown();
    }

    assertThat(opened.get()).isBetween(1, 2);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
