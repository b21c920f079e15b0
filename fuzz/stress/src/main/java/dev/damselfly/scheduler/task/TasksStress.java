package dev.damselfly.scheduler.task;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.host.Host;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/// Registrations at the same time: a peer that was admitted is found and counted, and no bound is passed (B-21).
@NullMarked
public class TasksStress {
  private static final Sha256 SAME = new Sha256("0".repeat(64));
  private static final Download DOWNLOAD = Download.newBuilder().setUrl("http://origin.example/f").build();
  private static final TaskKey ONE = TaskKey.publicTask(new TaskId("1".repeat(64)));
  private static final TaskKey TWO = TaskKey.publicTask(new TaskId("2".repeat(64)));
  private static final Host HOST =
      new Host(
          "h",
          SpiffeId.parse("spiffe://td.test/damselfly/peer/1/h"),
          false,
          new Host.Announced(
              dev.damselfly.api.wire.common.v2.Host.getDefaultInstance(), Duration.ofMinutes(5), Instant.EPOCH));

  private TasksStress() {}

  private static Tasks tasks(int tasks, int peersPerIdentity) {
    return new Tasks(new Tasks.Limits(tasks, 10, peersPerIdentity, 1), (_, _) -> SAME, InstantSource.fixed(Instant.EPOCH));
  }

  private static Task admit(Tasks tasks, TaskKey key, String peer) {
    return tasks.admit(key, DOWNLOAD, PeerSpec.of(peer, HOST, DOWNLOAD), new Object());
  }

  private static boolean admits(Tasks tasks, TaskKey key, String peer) {
    try {
      admit(tasks, key, peer);
      return true;
    } catch (RequestFailure refused) {
      return false;
    }
  }

  /// A peer registers for a task that is removed in the same moment because it has none.
  @JCStressTest
  @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "it is in the task that is found from now on")
  @Outcome(expect = FORBIDDEN, desc = "it is in a task that nobody finds, or does not count")
  @State
  public static class Removed {
    private final Tasks tasks = tasks(10, 10);
    private final Task empty = admit(tasks, ONE, "earlier");

    public Removed() {
      tasks.remove(empty, "earlier", HOST);
    }

    @Actor
    public void registration(ZI_Result r) {
      r.r1 = admits(tasks, ONE, "peer");
    }

    @Actor
    public void collector() {
      tasks.removeIfEmpty(empty);
    }

    @Arbiter
    public void later(ZI_Result r) {
      r.r1 &= tasks.find(ONE).map(Task::ages).map(ages -> ages.size() == 1).orElse(false);
      r.r2 = tasks.peersOf(HOST).size();
    }
  }

  /// One peer registers over two streams.
  @JCStressTest
  @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "one stream has it, and it counts")
  @Outcome(expect = FORBIDDEN, desc = "both or neither have it, or it does not count")
  @State
  public static class TwoStreams {
    private final Tasks tasks = tasks(10, 10);

    @Actor
    public void first(ZZI_Result r) {
      r.r1 = admits(tasks, ONE, "peer");
    }

    @Actor
    public void second(ZZI_Result r) {
      r.r2 = admits(tasks, ONE, "peer");
    }

    @Arbiter
    public void later(ZZI_Result r) {
      r.r3 = tasks.peersOf(HOST).size();
    }
  }

  /// An identity that may have one more download begins two.
  @JCStressTest
  @Outcome(id = {"1, 0, 1", "0, 1, 1"}, expect = ACCEPTABLE, desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "both or neither")
  @State
  public static class LastDownload {
    private final Tasks tasks = tasks(10, 1);

    @Actor
    public void first(III_Result r) {
      r.r1 = admits(tasks, ONE, "a") ? 1 : 0;
    }

    @Actor
    public void second(III_Result r) {
      r.r2 = admits(tasks, ONE, "b") ? 1 : 0;
    }

    @Arbiter
    public void later(III_Result r) {
      r.r3 = tasks.peersOf(HOST).size();
    }
  }

  /// There is room for one more task, and two come.
  @JCStressTest
  @Outcome(id = {"1, 0, 1", "0, 1, 1"}, expect = ACCEPTABLE, desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "both or neither")
  @State
  public static class LastTask {
    private final Tasks tasks = tasks(1, 10);

    @Actor
    public void first(III_Result r) {
      r.r1 = admits(tasks, ONE, "a") ? 1 : 0;
    }

    @Actor
    public void second(III_Result r) {
      r.r2 = admits(tasks, TWO, "b") ? 1 : 0;
    }

    @Arbiter
    public void later(III_Result r) {
      r.r3 = tasks.all().size();
    }
  }
}
