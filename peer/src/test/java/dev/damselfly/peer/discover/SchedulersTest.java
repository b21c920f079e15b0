package dev.damselfly.peer.discover;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Empty;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.LooseServer;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.time.Timer;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two schedulers behind real TLS, and a manager that names them as the test says.
@NullMarked
@Timeout(60)
class SchedulersTest {
  private final TestCa ca = TestCa.root("test.example");
  private final HandTimer timer = new HandTimer();
  private final One first = new One("s1");
  private final One second = new One("s2");
  private final GuardedChannels channels =
      new GuardedChannels(
          new FixedIdentity(ca.snapshot("/damselfly/peer/c1/p")), new RoleTemplate(ca.trustDomain()), new MemoryAudit());
  private final Semaphore found = new Semaphore(0);
  private final Schedulers schedulers;
  private volatile List<Directory.Named> named = List.of(first.name(1), second.name(2));

  SchedulersTest() throws IOException {
    var self = new HostSelf("10.0.0.77", "self", false, "east", 4000, 4005, "", "");
    schedulers =
        new Schedulers(
            () -> named,
            address -> channels.open(address, Expected.role(Role.SCHEDULER).inCluster("c1")),
            new HostAnnouncer(new HostFacts(self, Path.of("/"), Path.of("/proc"))),
            timer);
  }

  @BeforeEach
  void start() {
    schedulers.start();
    schedulers.onFound(found::release);
    assertThat(names()).containsExactlyInAnyOrder("s1", "s2");
  }

  @AfterEach
  void close() {
    schedulers.close();
    channels.close();
    first.server.close();
    second.server.close();
  }

  private List<String> names() {
    return schedulers.all().stream().map(SchedulerNode::hostname).toList();
  }

  private List<String> namesAfter(List<Directory.Named> answer) throws InterruptedException {
    named = answer;
    schedulers.refresh();
    found.acquire();
    return names();
  }

  /// As when it renews its connection to the manager: its grants hold, and its swarms must not move.
  @Test
  @Threat({"S-WLA-1"})
  void schedulerThatIsNotNamedForAMoment_staysWhileItAnswers() throws Exception {
    assertThat(namesAfter(List.of(first.name(1)))).containsExactlyInAnyOrder("s1", "s2");
    timer.pass(Duration.ofSeconds(59));
    assertThat(namesAfter(List.of(first.name(1)))).containsExactlyInAnyOrder("s1", "s2");
  }

  @Test
  void schedulerThatIsNotNamedForAMinute_goes() throws Exception {
    namesAfter(List.of(first.name(1)));
    timer.pass(Duration.ofSeconds(60));

    assertThat(namesAfter(List.of(first.name(1)))).containsExactly("s1");
  }

  @Test
  void schedulerThatIsNamedAgain_hasItsWholeMinuteTheNextTime() throws Exception {
    namesAfter(List.of(first.name(1)));
    timer.pass(Duration.ofSeconds(40));
    namesAfter(List.of(first.name(1), second.name(2)));
    timer.pass(Duration.ofSeconds(40));

    assertThat(namesAfter(List.of(first.name(1)))).containsExactlyInAnyOrder("s1", "s2");
  }

  @Test
  void schedulerThatIsNotNamedAndNotHealthy_goesAtOnce() throws Exception {
    second.status = ServingStatus.NOT_SERVING;

    assertThat(namesAfter(List.of(first.name(1)))).containsExactly("s1");
  }

  @Test
  void schedulerThatIsNamedAndNotHealthy_goesAtOnce() throws Exception {
    second.status = ServingStatus.NOT_SERVING;

    assertThat(namesAfter(List.of(first.name(1), second.name(2)))).containsExactly("s1");
  }

  @Test
  void whenNobodyIsHealthy_theListStays() throws Exception {
    first.status = ServingStatus.NOT_SERVING;
    second.status = ServingStatus.NOT_SERVING;

    assertThat(namesAfter(List.of())).containsExactlyInAnyOrder("s1", "s2");
  }

  private final class One extends SchedulerGrpc.SchedulerImplBase {
    private final String hostname;
    private final GuardedServer server;
    private volatile ServingStatus status = ServingStatus.SERVING;

    One(String hostname) {
      this.hostname = hostname;
      try {
        server = LooseServer.start(new FixedIdentity(ca.snapshot("/damselfly/scheduler/c1/" + hostname)), this, new Health());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    Directory.Named name(long id) {
      return new Directory.Named(id, 1, hostname, new HostPort("127.0.0.1", server.port()));
    }

    @Override
    public void announceHost(AnnounceHostRequest request, StreamObserver<Empty> out) {
      out.onNext(Empty.getDefaultInstance());
      out.onCompleted();
    }

    @Override
    public void deleteHost(DeleteHostRequest request, StreamObserver<Empty> out) {
      out.onNext(Empty.getDefaultInstance());
      out.onCompleted();
    }

    private final class Health extends HealthGrpc.HealthImplBase {
      @Override
      public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> out) {
        out.onNext(HealthCheckResponse.newBuilder().setStatus(status).build());
        out.onCompleted();
      }
    }
  }

  /// Time that passes by hand; nothing rings.
  private static final class HandTimer implements Timer {
    private final AtomicLong now = new AtomicLong();

    void pass(Duration time) {
      now.addAndGet(time.toNanos());
    }

    @Override
    public Alarm after(Duration delay, Runnable task) {
      return () -> {};
    }

    @Override
    public long nanos() {
      return now.get();
    }
  }
}
