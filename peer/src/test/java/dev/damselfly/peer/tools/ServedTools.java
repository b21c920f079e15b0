package dev.damselfly.peer.tools;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.download.DownloadConfig;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.origin.OriginsConfig;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.Alone;
import dev.damselfly.peer.testing.TestHost;
import dev.damselfly.peer.time.SystemTimer;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.NullMarked;

/// The tools' service without its socket, with a real store of a public and a restricted task. Egress names nothing and
/// downloads are being stopped, so that every call ends on the calling thread.
@NullMarked
public final class ServedTools implements AutoCloseable {
  public static final TaskId PUBLIC = tuple("public").id();
  public static final TaskId RESTRICTED = tuple("restricted").id();

  private static final int SMALL = 1000;
  private static final Duration TTL = Duration.ofDays(1);

  private final ManualClock clock = ManualClock.somewhere();
  private final SystemTimer timer = new SystemTimer("served-tools");
  private final Path outputs;
  private final PieceStore store;
  private final Origins origins;
  private final List<ServerServiceDefinition> services;

  /// @param directory of the store; outputs may go to `out` in it
  public ServedTools(Path directory, Audit audit) throws IOException {
    outputs = Files.createDirectories(directory.resolve("out"));
    store = PieceStore.open(directory.resolve("store"), new StoreConfig(1L << 30, 90, 80, TTL), clock);
    origins =
        new Origins(
            OriginsConfig.standard("test"),
            place -> {
              throw new Refused(Reason.EGRESS_DENIED, "egress: nothing is named");
            });
    var colleagues = Alone.with(store, origins, timer, clock, audit);
    var downloads = new Downloads(colleagues, DownloadConfig.DEFAULT);
    downloads.close();
    var parts =
        new ToolDownload.Parts(
            downloads, new OutputPlaces(List.of(outputs)), new InlineBudget(SMALL, SMALL), audit, clock, "127.0.0.1-self", Runnable::run);
    var rpc =
        new ToolsRpc(
            parts,
            store,
            id -> {
              throw new Refused(Reason.TASK_UNKNOWN, "task " + id + " not found");
            });
    services = List.of(rpc.service(), new HealthStatusManager().getHealthService().bindService());
    putBack();
  }

  public static Policy policy() {
    return new Policy(ToolsPolicy.rows());
  }

  public List<ServerServiceDefinition> services() {
    return services;
  }

  /// Where outputs may go.
  public Path outputs() {
    return outputs;
  }

  /// Files that calls left at their outputs.
  public int left() throws IOException {
    try (var files = Files.list(outputs)) {
      return (int) files.count();
    }
  }

  /// Makes the two tasks again if they are gone.
  public void putBack() {
    fill("public", false);
    fill("restricted", true);
  }

  private void fill(String name, boolean restricted) {
    StoredTask task = store.open(tuple(name), restricted);
    if (task.records().isEmpty()) {
      task.fix(new ContentFacts(OptionalLong.of(SMALL), TestHost.PIECE, "\"v1\"", "", true));
      TestHost.put(task, 0, ByteBuffer.allocate(SMALL));
    }
  }

  /// Tasks of which something is held.
  public int held() {
    return (int) store.tasks().stream().filter(task -> !task.records().isEmpty()).count();
  }

  /// Tasks that calls opened; they are evicted.
  public int dropOpened() {
    int count = (int) store.tasks().stream().filter(task -> task.records().isEmpty()).count();
    if (count > 0) {
      clock.advance(TTL.multipliedBy(2));
      store.collect();
      putBack();
    }
    return count;
  }

  private static TaskTuple tuple(String name) {
    return TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/" + name).build());
  }

  @Override
  public void close() {
    origins.close();
    timer.close();
    store.close();
  }
}
