package dev.damselfly.peer.testing;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.HandshakeListener;
import dev.damselfly.authz.tls.TlsContexts;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.store.Claim;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.transfer.ParentLinks;
import dev.damselfly.peer.transfer.ParentRef;
import dev.damselfly.peer.transfer.TransferLimits;
import dev.damselfly.peer.upload.GrantVerifier;
import dev.damselfly.peer.upload.PieceListener;
import dev.damselfly.peer.upload.UploadLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;

/// A host with an SVID of its own, a store on disk, and both ends of piece connections.
public final class TestHost implements AutoCloseable {
  public static final long PIECE = 4L << 20;

  public final IdentitySnapshot svid;
  public final MemoryAudit audit = new MemoryAudit();
  public final TlsContexts tls;
  public final ConnectionRegistry connections;
  public final PieceStore store;
  public final FixedIdentity identity;
  private final RoleTemplate roles;
  private final InstantSource clock;
  private final Deque<Runnable> open = new ArrayDeque<>();

  /// @param path of the SPIFFE ID, such as `/damselfly/peer/c1/child`
  public TestHost(TestCa ca, String path, Path directory, InstantSource clock) throws IOException {
    this(ca, path, directory, clock, InstantSource.system());
  }

  /// @param clock of grants
  /// @param tlsClock of certificates and connections
  public TestHost(TestCa ca, String path, Path directory, InstantSource clock, InstantSource tlsClock) throws IOException {
    this.clock = clock;
    this.svid = ca.snapshot(path);
    this.identity = new FixedIdentity(svid);
    this.roles = new RoleTemplate(ca.trustDomain());
    this.tls = new TlsContexts(identity, roles, tlsClock, HandshakeListener.auditing(audit));
    this.connections = new ConnectionRegistry(identity, tlsClock).start();
    this.store = PieceStore.open(directory, new StoreConfig(8L << 30, 90, 80, Duration.ofDays(1)), InstantSource.system());
    open.push(store::close);
    open.push(connections::close);
  }

  public SpiffeId id() {
    return svid.id();
  }

  public GrantVerifier verifier(GrantMint mint) {
    return new GrantVerifier(identity, roles, mint, clock, audit);
  }

  public PieceListener listen(GrantMint mint, UploadLimits limits) throws IOException {
    var bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var listener = new PieceListener(bind, tls, connections, store, verifier(mint), limits, audit);
    open.push(listener::close);
    return listener.start();
  }

  public ParentLinks links(TransferLimits limits) {
    var links = new ParentLinks(tls, connections, audit, limits);
    open.push(links::close);
    return links;
  }

  /// A task of known length, empty.
  public StoredTask task(String name, long length, boolean restricted) {
    var tuple = TaskTuple.of(Download.newBuilder().setUrl("http://origin.example/" + name).build());
    StoredTask task = store.open(tuple, restricted);
    task.fix(new ContentFacts(OptionalLong.of(length), PIECE, "\"v1\"", "", true));
    return task;
  }

  /// As if read from the origin.
  public static void put(StoredTask task, int number, ByteBuffer bytes) {
    try (IncomingPiece piece = mine(task, number)) {
      piece.write(bytes);
      task.commit(piece.fromOrigin(new PieceSource.Origin(1), "origin.example"));
    }
  }

  public static IncomingPiece mine(StoredTask task, int number) {
    return ((Claim.Mine) task.claim(new PieceNumber(number))).piece();
  }

  /// This host as a parent of the task.
  public ParentRef asParent(StoredTask task, int port, ByteString grant) {
    return new ParentRef(task.id(), "parent-peer", id(), new HostPort("127.0.0.1", port), grant, "only one");
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      open.pop().run();
    }
  }
}
