package dev.damselfly.scheduler.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.Hosts;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// Three tasks, four downloads, two of one identity: what goes beyond is refused and leaves nothing behind.
@NullMarked
class TasksTest {
  private static final int PEERS = 8;
  private static final Sha256 SAME = new Sha256("0".repeat(64));

  private final Hosts hosts = new Hosts(9);
  private final Tasks tasks = new Tasks(new Tasks.Limits(3, 4, 2, 1), (_, _) -> SAME, InstantSource.system());

  private Host host(String name) {
    var caller =
        new Caller(
            SpiffeId.parse("spiffe://test/damselfly/peer/1/" + name),
            Role.PEER,
            Optional.of("1"),
            name,
            Instant.MAX,
            new InetSocketAddress("127.0.0.1", 4000));
    var said = dev.damselfly.api.wire.common.v2.Host.newBuilder().setIp("10.0.0.1").build();
    hosts.announce(caller, name, new Host.Announced(said, Duration.ofMinutes(5), Instant.EPOCH));
    return hosts.find(name).orElseThrow();
  }

  private Task admit(Host host, int task) {
    var download = Download.newBuilder().setUrl("http://origin.example/" + task).build();
    var key = TaskKey.publicTask(new TaskId(String.valueOf(task).repeat(64)));
    return tasks.admit(key, download, PeerSpec.of(host.id() + "-" + task, host, download), this);
  }

  private static void refused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(RequestFailure.class, e -> assertThat(e.reason()).isEqualTo(Reason.LIMIT_EXCEEDED));
  }

  @Test
  @Threat({"B-21", "S-SCH-6"})
  void identity_hasItsShareOfDownloadsAndOthersTheirs() {
    Host greedy = host("greedy");
    Task first = admit(greedy, 1);
    admit(greedy, 2);

    refused(() -> admit(greedy, 3));
    assertThat(tasks.all()).hasSize(2);
    admit(host("modest"), 3);
    tasks.remove(first, "greedy-1", greedy);

    admit(greedy, 3);
    assertThat(tasks.peersOf(greedy)).hasSize(2);
  }

  @Test
  @Threat("B-21")
  void downloads_ofAllIdentitiesAreBounded() {
    for (String name : new String[] {"a", "b"}) {
      admit(host(name), 1);
      admit(host(name), 2);
    }

    refused(() -> admit(host("c"), 1));
  }

  @Test
  @Threat("B-21")
  void tasks_areBounded() {
    admit(host("a"), 1);
    admit(host("a"), 2);
    admit(host("b"), 3);

    refused(() -> admit(host("c"), 4));

    assertThat(tasks.peersOf(host("c"))).isEmpty();
    admit(host("c"), 3);
  }

  /// A peer that comes twice at once is admitted once, and counts as long as it is there; the last place for a task goes to
  /// one of two.
  @Test
  @Threat("B-21")
  void registrations_atTheSameTime_leaveCountsThatAreRight() throws Exception {
    var download = Download.newBuilder().setUrl("http://origin.example/f").build();
    Host host = host("twice");
    try (var threads = Executors.newFixedThreadPool(2)) {
      for (int i = 0; i < 2000; i++) {
        var few = new Tasks(new Tasks.Limits(1, 9, 9, 1), (_, _) -> SAME, InstantSource.system());
        var barrier = new CyclicBarrier(2);
        String[] ids = {"a", i % 2 == 0 ? "a" : "b"};
        List<Future<?>> both = new ArrayList<>();
        for (String id : ids) {
          var key = TaskKey.publicTask(new TaskId(id.repeat(64)));
          both.add(
              threads.submit(
                  () -> {
                    barrier.await();
                    return few.admit(key, download, PeerSpec.of("p", host, download), new Object());
                  }));
        }
        for (Future<?> one : both) {
          waitFor(one);
        }

        assertThat(both).filteredOn(one -> one.state() == Future.State.SUCCESS).hasSize(1);
        assertThat(few.peersOf(host)).hasSize(1);
        assertThat(few.all()).hasSize(1);
      }
    }
  }

  private static void waitFor(Future<?> one) throws InterruptedException {
    try {
      one.get();
    } catch (ExecutionException refused) {
      assertThat(refused).hasCauseInstanceOf(RequestFailure.class);
    }
  }

  /// Each edge belongs to two peers: whatever threads do at once, both see it, its host pays for it, and none closes a
  /// cycle.
  @Test
  @Threat({"TOB-11", "S-SCH-8"})
  void parents_thatManyThreadsChange_stayAGraphWhoseCostsAreItsEdges() throws Exception {
    var crowd = new Tasks(new Tasks.Limits(1, PEERS, PEERS, 1), (_, _) -> SAME, InstantSource.system());
    var download = Download.newBuilder().setUrl("http://origin.example/f").build();
    var key = TaskKey.publicTask(new TaskId("a".repeat(64)));
    List<Host> owners = new ArrayList<>();
    for (int i = 0; i < PEERS; i++) {
      owners.add(host("h" + i));
      crowd.admit(key, download, PeerSpec.of("p" + i, owners.get(i), download), this);
    }
    Task task = crowd.find(key).orElseThrow();

    List<Future<?>> running = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(4)) {
      for (int thread = 0; thread < 4; thread++) {
        var random = new SplittableRandom(thread);
        running.add(threads.submit(() -> IntStream.range(0, 2000).forEach(_ -> change(task, random))));
      }
    }
    for (Future<?> each : running) {
      each.get();
    }

    for (int i = 0; i < PEERS; i++) {
      String id = "p" + i;
      long children = task.peerIds().stream().filter(child -> task.parentsOf(child).contains(id)).count();
      assertThat(owners.get(i).load().concurrentUploads()).as(id).isEqualTo(children);
    }
    var left = new ArrayList<>(task.peerIds());
    while (left.removeIf(peer -> task.parentsOf(peer).stream().noneMatch(left::contains))) {
      assertThat(left).hasSizeLessThan(PEERS);
    }
    assertThat(left).as("peers on a cycle").isEmpty();
  }

  private static void change(Task task, SplittableRandom random) {
    String child = "p" + random.nextInt(PEERS);
    if (random.nextInt(4) == 0) {
      task.detach(child);
    } else {
      task.adopt(child, List.of("p" + random.nextInt(PEERS), "p" + random.nextInt(PEERS)));
    }
  }
}
