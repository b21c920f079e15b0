package dev.damselfly.peer.control;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.block.BlockGate;
import dev.damselfly.peer.boot.ServedAnswers;
import dev.damselfly.peer.download.DownloadConfig;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.origin.OriginsConfig;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.testing.Alone;
import dev.damselfly.peer.testing.NoTime;
import dev.damselfly.peer.time.Timer;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.NullMarked;

/// The local service of one peer without a socket: a connection is the bytes of a user and ends with the bytes that
/// came back. Egress names nothing and downloads are being stopped, so that every call ends on the calling thread.
@NullMarked
public final class LocalDesk implements AutoCloseable {
  /// The daemon's own user, one that the configuration names, and one that it does not.
  public static final String OPERATOR = "root";
  public static final String NAMED = "daemon";
  public static final String STRANGER = "nobody";

  private static final Duration TTL = Duration.ofDays(1);

  private final PieceStore store;
  private final Origins origins;
  private final LocalServer server;
  private final AtomicInteger stops = new AtomicInteger();
  private final ManualClock clock = ManualClock.somewhere();
  private final Map<TaskId, TaskTuple> kept = new HashMap<>();

  public LocalDesk(Path directory, Audit audit) throws IOException {
    this(directory, audit, new NoTime());
  }

  LocalDesk(Path directory, Audit audit, BlockGate gate) throws IOException {
    this(directory, audit, new NoTime(), gate);
  }

  /// @param timer of the connections and the listener
  LocalDesk(Path directory, Audit audit, Timer timer) throws IOException {
    this(directory, audit, timer, attempt -> {});
  }

  private LocalDesk(Path directory, Audit audit, Timer timer, BlockGate gate) throws IOException {
    store = PieceStore.open(directory, new StoreConfig(1L << 30, 90, 80, TTL), clock);
    origins =
        new Origins(
            OriginsConfig.standard("test"),
            place -> {
              throw new Refused(Reason.EGRESS_DENIED, "egress: nothing is named");
            });
    var colleagues = Alone.with(store, origins, timer, clock, audit, gate);
    var downloads = new Downloads(colleagues, DownloadConfig.DEFAULT);
    downloads.close();
    var svid = TestCa.root("test.example").snapshot("/damselfly/peer/east/self");
    var answers = ServedAnswers.of(store, svid, timer, clock, stops::incrementAndGet);
    var owner = FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(OPERATOR);
    var people = LocalPeople.of(FileSystems.getDefault(), owner, Set.of(NAMED), Optional.empty());
    var config = new LocalConfig(directory.resolve("socket"), Set.of(), Optional.empty(), 8, 4);
    server = new LocalServer(config, people, downloads, answers, audit, timer);
  }

  /// Listens on a socket as well, in the directory; the server ends with the desk.
  LocalServer listen() throws IOException {
    return server.start();
  }

  /// One connection, from its first byte to its end.
  public byte[] ask(String user, byte[] bytes) throws IOException {
    var lookup = FileSystems.getDefault().getUserPrincipalLookupService();
    var group = lookup.lookupPrincipalByGroupName("root");
    var channel = new MemoryChannel(new UnixDomainPrincipal(lookup.lookupPrincipalByName(user), group), bytes);
    server.serve(channel);
    if (channel.isOpen()) {
      throw new AssertionError("the connection stays open");
    }
    return channel.told();
  }

  /// A task that stays.
  public TaskId hold(String name) {
    var tuple = TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/" + name).build());
    kept.put(tuple.id(), tuple);
    return store.open(tuple, false).id();
  }

  /// Tasks that calls opened; they are evicted.
  public int dropOpened() {
    int count = (int) store.tasks().stream().filter(task -> !kept.containsKey(task.id()) || task.restricted()).count();
    if (count > 0) {
      clock.advance(TTL.multipliedBy(2));
      store.collect();
      kept.values().forEach(tuple -> store.open(tuple, false));
    }
    return count;
  }

  /// How often somebody stopped the daemon.
  public int stops() {
    return stops.get();
  }

  @Override
  public void close() {
    server.close();
    origins.close();
    store.close();
  }
}
