package dev.damselfly.dist.real;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.workload.WorkloadApiSource;
import dev.damselfly.authz.identity.workload.WorkloadEndpoint;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.HandshakeListener;
import dev.damselfly.authz.tls.TlsContexts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.discover.HostAnnouncer;
import dev.damselfly.peer.discover.HostFacts;
import dev.damselfly.peer.discover.HostSelf;
import dev.damselfly.peer.discover.ManagerDirectory;
import dev.damselfly.peer.discover.Schedulers;
import dev.damselfly.peer.swarm.GrpcSwarms;
import dev.damselfly.peer.swarm.Membership;
import dev.damselfly.peer.swarm.Registration;
import dev.damselfly.peer.swarm.SwarmEvent;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.testing.RawWire;
import dev.damselfly.peer.testing.ScriptedParent;
import dev.damselfly.peer.time.SystemTimer;
import dev.damselfly.peer.transfer.PieceTransport;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/// A peer with a good identity of the cluster's issuer that is in the swarm as any other, claims every piece with its
/// true digest, and then sends something else.
final class LyingPeer {
  /// How it lies.
  enum Lie {
    FLIPPED,
    SWAPPED,
    TRUNCATED,
    STALLED,
    REPEATED
  }

  private static final int PIECE = GoodContent.PIECE;
  private static final String CLUSTER = "east";

  private final MemoryAudit audit = new MemoryAudit();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final LinkedBlockingQueue<SwarmEvent> events = new LinkedBlockingQueue<>();
  private final GrpcSwarms swarms;
  private final ScriptedParent parent;
  private final IdentitySource identity;
  private volatile Lie lie = Lie.FLIPPED;
  private volatile byte[] content = {};

  LyingPeer(Cluster cluster, String name, Path disk) throws Exception {
    var clock = InstantSource.system();
    var endpoint = WorkloadEndpoint.parse(cluster.workloadApi(name));
    identity = own(WorkloadApiSource.open(endpoint, Optional.empty(), clock, audit, Duration.ofSeconds(60)));
    var roles = new RoleTemplate(new TrustDomain("example.test"));
    var channels = own(new GuardedChannels(identity, roles, audit, clock));
    var connections = own(new ConnectionRegistry(identity, clock)).start();
    var tls = new TlsContexts(identity, roles, clock, HandshakeListener.auditing(audit));
    parent = own(new ScriptedParent(tls, connections, PieceTransport.ALPN));
    var self = new HostSelf("127.0.0.1", name, false, CLUSTER, parent.port(), parent.port(), "", "");
    var manager = channels.open(new HostPort("127.0.0.1", cluster.managerPort()), Expected.role(Role.MANAGER));
    open.push(manager::shutdownNow);
    var schedulers =
        own(
            new Schedulers(
                new ManagerDirectory(manager, self, settings -> {}),
                address -> channels.open(address, Expected.role(Role.SCHEDULER).inCluster(CLUSTER)),
                new HostAnnouncer(new HostFacts(self, disk, Path.of("/proc"))),
                own(new SystemTimer("liar"))));
    schedulers.start();
    swarms = new GrpcSwarms(schedulers, self, new SecureRandom());
    var acceptor = Thread.ofVirtual().name("liar").start(this::serve);
    open.push(acceptor::interrupt);
  }

  private <T extends AutoCloseable> T own(T part) {
    open.push(part);
    return part;
  }

  String id() {
    return identity.current().id().toString();
  }

  /// Piece requests that it got.
  int asked() {
    return asked.get();
  }

  /// Enters the swarm of the content with empty hands.
  Membership join(Download download, byte[] whole, Lie kind) throws InterruptedException {
    lie = kind;
    content = whole;
    asked.set(0);
    events.clear();
    var task = TaskTuple.of(download).id();
    var registration = new Registration(task, download, Optional.empty(), false, false, List.of(), true);
    Membership member = swarms.join(registration, events::add).orElseThrow();
    await(SwarmEvent.Registered.class);
    return member;
  }

  /// Claims all pieces, once somebody has attested them.
  void claim(Membership member) throws InterruptedException {
    int count = (content.length + PIECE - 1) / PIECE;
    var records = new ArrayList<PieceRecord>();
    while (records.size() < count) {
      await(SwarmEvent.Attested.class).pieces().forEach(piece -> records.add(record(piece.number(), piece.sha256())));
    }
    member.held(records);
  }

  private PieceRecord record(PieceNumber number, Sha256 sha) {
    long start = (long) number.value() * PIECE;
    var range = new ByteRange(start, Math.min(PIECE, content.length - start));
    var source = new PieceSource.Parent("somebody", "spiffe://example.test/damselfly/peer/east/somebody", "", "");
    return new PieceRecord(number, range, sha, "crc32:0", source, "", Instant.now());
  }

  private <T extends SwarmEvent> T await(Class<T> kind) throws InterruptedException {
    while (true) {
      SwarmEvent event = events.poll(60, TimeUnit.SECONDS);
      if (event == null || event instanceof SwarmEvent.Lost) {
        throw new AssertionError("no " + kind.getSimpleName() + " but " + event);
      }
      if (kind.isInstance(event)) {
        return kind.cast(event);
      }
    }
  }

  private void serve() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        RawWire wire = parent.accept();
        Thread.ofVirtual().start(() -> talk(wire));
      } catch (AssertionError e) {
        // nobody came for a while
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void talk(RawWire wire) {
    try {
      wire.readFrame(); // the grant, whatever it says
      wire.write(RawFrames.frame(0xd1, new byte[0]));
      int count = (content.length + PIECE - 1) / PIECE;
      wire.write(RawFrames.have(IntStream.range(0, count).toArray()));
      while (true) {
        byte[] request = wire.readFrame();
        asked.incrementAndGet();
        answer(wire, ByteBuffer.wrap(request).getInt(request.length - 4));
      }
    } catch (AssertionError e) {
      // the child left, or asks for nothing more
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void answer(RawWire wire, int number) throws InterruptedException {
    byte[] good = piece(number);
    byte[] head = head(number, good);
    switch (lie) {
      case FLIPPED -> {
        byte[] wrong = good.clone();
        wrong[wrong.length / 2] ^= 1;
        wire.write(RawFrames.concat(head(number, wrong), wrong));
      }
      case SWAPPED -> {
        byte[] other = Arrays.copyOf(piece(number == 0 ? 1 : number - 1), good.length);
        wire.write(RawFrames.concat(head(number, other), other));
      }
      case TRUNCATED -> {
        wire.write(RawFrames.concat(head, Arrays.copyOf(good, good.length / 2)));
        wire.close();
      }
      case STALLED -> wire.write(RawFrames.concat(head, Arrays.copyOf(good, good.length / 2)));
      case REPEATED -> {
        wire.write(RawFrames.concat(head, good));
        wire.write(RawFrames.concat(head, good));
      }
    }
  }

  private byte[] piece(int number) {
    return Arrays.copyOfRange(content, number * PIECE, Math.min(content.length, (number + 1) * PIECE));
  }

  private static byte[] head(int number, byte[] bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return RawFrames.contentHead(number, (long) number * PIECE, bytes.length, "crc32:" + crc.getValue());
  }

  void stop() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
