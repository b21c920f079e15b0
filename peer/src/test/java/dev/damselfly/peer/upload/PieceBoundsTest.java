package dev.damselfly.peer.upload;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.testing.RawTls;
import dev.damselfly.peer.testing.TestHost;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Each bound of the piece port, reached from outside: what goes beyond is refused, everybody else is served.
@NullMarked
class PieceBoundsTest {
  private static final byte[] CONTENT = new byte[1000];
  private static final byte[] ACCEPTED = {0, (byte) 0xd1, 0, 0, 0, 0};
  private static final String CHILD = "/damselfly/peer/c1/child";
  private static final String OTHER = "/damselfly/peer/c1/other";
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration SOON = Duration.ofSeconds(8);

  private final TestCa ca = TestCa.root("td.test");
  private final GrantMint mint =
      new GrantMint(SpiffeId.parse("spiffe://td.test/damselfly/scheduler/c1/s1"), InstantSource.system());
  private final TestHost parent;
  private final StoredTask task;
  private final Deque<Socket> open = new ArrayDeque<>();

  PieceBoundsTest(@TempDir Path directory) throws Exception {
    parent = new TestHost(ca, "/damselfly/peer/c1/parent", directory, InstantSource.system());
    task = parent.task("file", CONTENT.length, false);
    TestHost.put(task, 0, ByteBuffer.wrap(CONTENT));
  }

  @AfterEach
  void close() throws IOException {
    for (Socket socket : open) {
      socket.close();
    }
    parent.close();
  }

  private PieceListener listen(int perIdentity, int connections, Duration frame) throws IOException {
    var usual = UploadLimits.standard();
    return parent.listen(
        mint,
        new UploadLimits(
            perIdentity, connections, usual.outstanding(), usual.bytesPerIdentity(), usual.bytesPerProcess(), LONG, frame, LONG));
  }

  private Socket child(PieceListener listener, String path) throws Exception {
    Socket socket = RawTls.connect(listener.port(), ca.svid(path));
    open.push(socket);
    return socket;
  }

  private Socket stranger(PieceListener listener) throws IOException {
    Socket socket = RawTls.plain(listener.port());
    open.push(socket);
    return socket;
  }

  private void showGrant(Socket socket, String path) throws IOException {
    ByteString grant = mint.sign(mint.claims(task.id(), ca.snapshot(path).id(), parent.id()).build());
    socket.getOutputStream().write(RawFrames.frame(0xd0, grant.toByteArray()));
    assertThat(socket.getInputStream().readNBytes(ACCEPTED.length)).isEqualTo(ACCEPTED);
  }

  /// Content is all zeros, and nothing else on the connection ends in so many.
  private void assertServed(Socket socket) throws IOException {
    socket.getOutputStream().write(RawFrames.request(task.id().value(), 0));
    byte[] have = socket.getInputStream().readNBytes(RawFrames.have(0).length);
    assertThat(have).startsWith(0, 0xd2);
    int head = 6 + ByteBuffer.wrap(socket.getInputStream().readNBytes(6)).getInt(2) - 6;
    assertThat(socket.getInputStream().readNBytes(head + CONTENT.length)).endsWith(CONTENT);
  }

  /// Completes when nothing more can come.
  private static CompletableFuture<Boolean> ended(Socket socket) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            while (socket.getInputStream().read() >= 0) {
              Thread.onSpinWait();
            }
            return true;
          } catch (IOException reset) {
            return true;
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  @Test
  @Threat({"B-07", "S-VTX-7"})
  void child_thatShowsNoGrantIsDropped() throws Exception {
    var listener = listen(4, 8, SHORT);

    assertThat(ended(child(listener, CHILD))).succeedsWithin(SOON);
  }

  @Test
  @Threat({"B-07", "S-VTX-7"})
  void frame_thatBeginsAndDoesNotEndDropsItsChild() throws Exception {
    var listener = listen(4, 8, SHORT);
    var socket = child(listener, CHILD);
    showGrant(socket, CHILD);
    byte[] request = RawFrames.request(task.id().value(), 0);

    socket.getOutputStream().write(Arrays.copyOf(request, request.length - 1));

    assertThat(ended(socket)).succeedsWithin(SOON);
  }

  @Test
  @Threat("B-09")
  void identity_withAllItsConnectionsGetsNoOtherAndOthersDo() throws Exception {
    var listener = listen(1, 8, LONG);
    var first = child(listener, CHILD);
    showGrant(first, CHILD);

    assertThat(ended(child(listener, CHILD))).succeedsWithin(SOON);

    var event = parent.audit.await(it -> it.action() == AuditAction.LIMIT_HIT);
    assertThat(event.reason()).isEqualTo("CONNECTIONS_PER_IDENTITY");
    assertThat(event.actor()).endsWith(CHILD);
    assertServed(first);
    var other = child(listener, OTHER);
    showGrant(other, OTHER);
    assertServed(other);
  }

  @Test
  @Threat("B-10")
  void connections_beyondTheBoundAreRefusedAndThePortGoesOnAccepting() throws Exception {
    var listener = listen(1, 2, LONG);
    var one = child(listener, CHILD);
    showGrant(one, CHILD);
    var two = child(listener, OTHER);
    showGrant(two, OTHER);

    for (int attempt = 0; attempt < 5; attempt++) {
      assertThat(ended(stranger(listener))).succeedsWithin(SOON);
    }

    assertServed(one);
    assertServed(two);
  }

  @Test
  @Threat({"B-40", "F-16"})
  void handshakes_beyondTheBoundAreRefusedAndLeaveTheOthersTheirPlaces() throws Exception {
    var listener = listen(4, 200, LONG);
    var before = child(listener, CHILD);
    showGrant(before, CHILD);

    List<CompletableFuture<Boolean>> waiting = new ArrayList<>();
    for (int i = 0; i <= Shares.MAX_HANDSHAKES; i++) {
      waiting.add(ended(stranger(listener)));
    }
    CompletableFuture.anyOf(waiting.toArray(CompletableFuture<?>[]::new)).get(SOON.toSeconds(), TimeUnit.SECONDS);

    assertThat(waiting).filteredOn(CompletableFuture::isDone).hasSize(1);
    assertServed(before);
  }
}
