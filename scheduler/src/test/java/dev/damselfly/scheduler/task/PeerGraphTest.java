package dev.damselfly.scheduler.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostLoad;
import dev.damselfly.scheduler.time.ManualTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.NullMarked;

@NullMarked
class PeerGraphTest {
  private static final Object STREAM = new Object();

  @Property(tries = 300)
  @Threat("S-SCH-8")
  void graph_isAcyclicWhateverEdgesAreAsked(@ForAll @Size(max = 120) List<@IntRange(max = 143) Integer> asked) {
    var graph = new PeerGraph();
    for (int i = 0; i < 12; i++) {
      graph.addVertex("p" + i);
    }

    for (int edge : asked) {
      graph.addEdge("p" + edge / 12, "p" + edge % 12, new HostLoad.Cost(1, 1, 1));
    }

    assertThat(isAcyclic(graph)).isTrue();
  }

  @Property(tries = 100)
  void sample_isDistinctMembersOfTheRightNumber(@ForAll @IntRange(min = 0, max = 40) int size, @ForAll @IntRange(max = 50) int n) {
    var graph = new PeerGraph();
    for (int i = 0; i < size; i++) {
      graph.addVertex("p" + i);
    }

    List<String> sample = graph.sample(n, new SplittableRandom(size * 100L + n));

    assertThat(sample).hasSize(Math.min(n, size)).doesNotHaveDuplicates().allMatch(graph::has);
  }

  @Property(tries = 300)
  @Threat({"S-SCH-8", "S-SCH-6"})
  void hostCounters_areAlwaysTheSumOfTheEdges(@ForAll @Size(max = 80) List<@IntRange(max = 999) Integer> steps) {
    var timer = new ManualTimer();
    var download = Download.newBuilder().setUrl("http://o/f").setActualContentLength(20 << 20)
        .setActualPieceLength(4 << 20).setActualPieceCount(5).build();
    var tasks = new Tasks(new Tasks.Limits(10, 1000, 1000, 200), (_, _) -> new Sha256("0".repeat(64)), timer);
    var key = TaskKey.publicTask(new TaskId("a".repeat(64)));
    Map<String, Host> hosts = new HashMap<>();
    for (int i = 0; i < 8; i++) {
      hosts.put("p" + i, host(i, timer));
    }
    hosts.forEach((id, host) -> tasks.admit(key, download, PeerSpec.of(id, host, download), STREAM));
    Task task = tasks.find(key).orElseThrow();

    for (int step : steps) {
      String child = "p" + step % 8;
      switch (step / 8 % 5) {
        case 0, 1, 2 -> {
          if (task.stateOf(child).isPresent()) {
            task.adopt(child, List.of("p" + step / 40 % 8, "p" + step / 80 % 8));
          }
        }
        case 3 -> task.tryFire(child, PeerEvent.DOWNLOAD_FAILED);
        default -> tasks.remove(task, child, hosts.getOrDefault(child, host(9, timer)));
      }
    }

    Map<String, Integer> edges = new HashMap<>();
    for (String child : task.peerIds()) {
      task.parentsOf(child).forEach(parent -> edges.merge(parent, 1, Integer::sum));
    }
    hosts.forEach(
        (id, host) -> {
          long n = edges.getOrDefault(id, 0);
          assertThat(host.load().concurrentUploads()).isEqualTo(n);
          assertThat(host.load().pieceSlots()).isEqualTo(8 * n);
          assertThat(host.load().txBits()).isEqualTo(n * (4L << 20) * 8 * 8);
          assertThat(host.load().contentBytes()).isEqualTo(n * (20L << 20));
        });
  }

  private static Host host(int i, ManualTimer timer) {
    var message = dev.damselfly.api.wire.common.v2.Host.newBuilder().setId("h" + i).setIp("127.0.0." + (i + 1)).build();
    return new Host(
        "h" + i,
        SpiffeId.parse("spiffe://test/damselfly/peer/1/h" + i),
        false,
        new Host.Announced(message, Duration.ofMinutes(5), timer.instant()));
  }

  /// Takes away vertices without parents until none is left; a cycle stays.
  private static boolean isAcyclic(PeerGraph graph) {
    var left = new ArrayList<>(graph.vertices());
    boolean progress = true;
    while (progress && !left.isEmpty()) {
      progress = left.removeIf(v -> graph.parents(v).stream().noneMatch(left::contains));
    }
    return left.isEmpty();
  }
}
