package dev.damselfly.fuzz;

import dev.damselfly.scheduler.announce.Announcements;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.swarm.Swarms;
import dev.damselfly.scheduler.task.Tasks;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Tree and mesh of one scheduler under the words of many peers and the steps of a clock: the graph is acyclic and
/// bounded, the load of each host is the number of its edges, states go forward, leases never overlap nor outlive their
/// silence, attested digests do not change unsaid, no identity has more than its share.
public final class SchedulerSwarmFuzz implements Target {
  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new SchedulerSwarmFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new SchedulerSwarmFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    var world = new SwarmWorld();
    world.play(new Script(input));
    if (world.mesh.stream().anyMatch(actor -> !actor.parents.isEmpty() || !actor.leases.isEmpty()) || !world.tree.isEmpty()) {
      Accepted.yes();
    } else {
      Accepted.no();
    }
  }

  @Override
  public int changesPerSeed() {
    return 8;
  }

  @Override
  public String name() {
    return "scheduler-swarm";
  }

  @Override
  public String oracle() {
    return "graph acyclic and bounded, load == edges, states forward, leases disjoint, digests never change unsaid";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(Swarms.class, Announcements.class, Tasks.class, Hosts.class);
  }

  /// Swarms of growing size in which peers join, ask for leases and bring pieces, with more and more noise.
  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    seeds.add(lateReport());
    for (int i = 0; i < 36; i++) {
      var random = new Random(i);
      var out = new ByteArrayOutputStream();
      for (int peer = 0; peer < 2 + i / 4; peer++) {
        out.writeBytes(new byte[] {0, (byte) peer, (byte) (i % 2), (byte) (i % 5 == 4 ? 9 : 0), (byte) peer, 0});
        out.writeBytes(new byte[] {3, (byte) (peer + 1), (byte) (i % 2), 0, (byte) (i % 3)});
      }
      for (int step = 0; step < 10 + i; step++) {
        byte actor = (byte) random.nextInt(2 + i / 4);
        switch (random.nextInt(5)) {
          case 0 -> out.writeBytes(new byte[] {8, actor, 8});
          case 1, 2 -> out.writeBytes(new byte[] {9, actor, 0, 0, 0, 1, 0});
          case 3 -> out.writeBytes(new byte[] {4, actor, (byte) random.nextInt(12), 0});
          default -> {
            byte[] noise = new byte[3 + i / 6];
            random.nextBytes(noise);
            out.writeBytes(noise);
          }
        }
      }
      seeds.add(out.toByteArray());
    }
    return seeds;
  }

  /// Three members; the first is silent until its lease is revoked and leased again, reports late, and leaves.
  private static byte[] lateReport() {
    return new byte[] {
      0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, // join
      8, 0, 4, 2, 2, 8, 1, 4, // a lease, 61 s, the next lease
      9, 0, 24, 0, 0, 0, 15, 0, 1, 8, 2, 4 // the late report, the end of the first, the third wants too
    };
  }
}
