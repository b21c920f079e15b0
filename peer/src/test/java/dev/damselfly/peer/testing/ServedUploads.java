package dev.damselfly.peer.testing;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.policy.Advertised;
import dev.damselfly.authz.policy.Bindings;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.upload.GrantVerifier;
import dev.damselfly.peer.upload.HostPulse;
import dev.damselfly.peer.upload.PieceAddress;
import dev.damselfly.peer.upload.SeedDownloads;
import dev.damselfly.peer.upload.UploadPolicy;
import dev.damselfly.peer.upload.UploadRpc;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/// The remote service of one peer as its process serves it, with a real store of three tasks and time that stands still:
/// a complete public one, a public one of which the last piece is held, and a complete restricted one.
public final class ServedUploads implements AutoCloseable {
  public static final String CLUSTER = "east";
  public static final TaskId COMPLETE = tuple("complete").id();
  public static final TaskId PARTIAL = tuple("partial").id();
  public static final TaskId RESTRICTED = tuple("restricted").id();

  private static final SpiffeId SCHEDULER = SpiffeId.parse("spiffe://test.example/damselfly/scheduler/east/s");
  private static final int SMALL = 1000;

  private final PieceStore store;
  private final ManualClock clock = ManualClock.somewhere();
  private final GrantMint mint = new GrantMint(SCHEDULER, clock);
  private final StillExecutor timer = new StillExecutor();
  private final IdentitySnapshot self;
  private final List<ServerServiceDefinition> services;

  /// @param seeds takes the downloads that schedulers ask for
  public ServedUploads(Path directory, SeedDownloads seeds, Audit audit) throws IOException {
    var ca = TestCa.root("test.example");
    self = ca.snapshot("/damselfly/peer/east/self");
    store = PieceStore.open(directory, new StoreConfig(1L << 30, 90, 80, Duration.ofDays(1)), clock);
    var grants = new GrantVerifier(new FixedIdentity(self), new RoleTemplate(ca.trustDomain()), mint, clock, audit);
    var address = new PieceAddress("10.0.0.77", 4005);
    var pulse = new HostPulse(() -> Host.newBuilder().setId("10.0.0.77-self").build(), timer);
    var rpc =
        new UploadRpc(store, grants, () -> address, pulse, seeds, (scheduler, _) -> scheduler.equals(SCHEDULER), audit, timer);
    services = List.of(rpc.service(), new HealthStatusManager().getHealthService().bindService());
    putBack();
  }

  public static Policy policy() {
    return new Policy(UploadPolicy.rows(new Bindings(Advertised.observedOnly())));
  }

  /// Of the listener without TLS.
  public static Policy legacyPolicy() {
    return new Policy(UploadPolicy.legacyRows(new Bindings(Advertised.observedOnly())));
  }

  public List<ServerServiceDefinition> services() {
    return services;
  }

  /// Makes the three tasks again if they are gone.
  public void putBack() {
    fill("complete", false, SMALL, 0);
    fill("partial", false, (4L << 20) + SMALL, 1);
    fill("restricted", true, SMALL, 0);
  }

  private void fill(String name, boolean restricted, long length, int piece) {
    StoredTask task = store.open(tuple(name), restricted);
    if (task.records().isEmpty()) {
      task.fix(new ContentFacts(OptionalLong.of(length), TestHost.PIECE, "\"v1\"", "", true));
      TestHost.put(task, piece, ByteBuffer.allocate(SMALL));
    }
  }

  /// Tasks of which something is held.
  public int held() {
    return (int) store.tasks().stream().filter(task -> !task.records().isEmpty()).count();
  }

  /// Streams and timers that are still open.
  public int waiting() {
    return timer.getQueue().size();
  }

  /// A grant that lets the caller fetch the task from here.
  public ByteString grant(TaskId task, Caller child) {
    return mint.sign(
        mint.claims(task, child.id(), self.id()).setCluster(CLUSTER).setRestricted(task.equals(RESTRICTED)).build());
  }

  private static TaskTuple tuple(String name) {
    return TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/" + name).build());
  }

  @Override
  public void close() {
    timer.shutdownNow();
    store.close();
  }
}
