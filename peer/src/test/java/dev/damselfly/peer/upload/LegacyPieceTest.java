package dev.damselfly.peer.upload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.testing.RawTls;
import dev.damselfly.peer.testing.TestHost;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The plain piece port over real sockets, with frames written out by hand.
@NullMarked
@Timeout(60)
class LegacyPieceTest {
  private static final byte[] CONTENT = "content for everybody who may connect".getBytes(StandardCharsets.US_ASCII);
  private static final List<Cidr> LOOPBACK = List.of(Cidr.parse("127.0.0.0/8"));
  private static final int CONTENT_TAG = 1;
  private static final int ERROR_TAG = 255;
  private static final int NOT_FOUND = 2;

  private final TestHost parent;
  private final StoredTask open;
  private final StoredTask other;
  private final StoredTask restricted;
  private Optional<LegacyPieceListener> listening = Optional.empty();

  LegacyPieceTest(@TempDir Path directory) throws Exception {
    parent = new TestHost(TestCa.root("td.test"), "/damselfly/peer/c1/parent", directory, InstantSource.system());
    open = filled("open", false);
    other = filled("other", false);
    restricted = filled("restricted", true);
  }

  private StoredTask filled(String name, boolean secret) {
    StoredTask task = parent.task(name, CONTENT.length, secret);
    TestHost.put(task, 0, ByteBuffer.wrap(CONTENT));
    return task;
  }

  @AfterEach
  void close() {
    listening.ifPresent(LegacyPieceListener::close);
    parent.close();
  }

  private static UploadLimits limits(int connectionsPerAddress, Duration frame) {
    long chunk = Sending.CHUNK;
    var second = Duration.ofSeconds(10);
    return new UploadLimits(connectionsPerAddress, 64, 4, 4 * chunk, 8 * chunk, second, frame, second);
  }

  private Socket connect() throws Exception {
    return RawTls.plain(listening.orElseThrow().port());
  }

  private void listen(List<Cidr> allowed, UploadLimits limits) throws Exception {
    var callers = new LegacyCallers(new LegacyCallers.Place(new TrustDomain("td.test"), "c1"), allowed);
    var bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    listening =
        Optional.of(new LegacyPieceListener(bind, callers, parent.store, limits, new LegacyAudit(parent.audit)).start());
  }

  private void listen() throws Exception {
    listen(LOOPBACK, limits(8, Duration.ofSeconds(5)));
  }

  /// Tag and value of the next frame; the content of a piece behind it.
  private record Reply(int tag, ByteBuffer value, byte[] content) {}

  private static Reply read(Socket socket) throws Exception {
    var in = new DataInputStream(socket.getInputStream());
    in.readUnsignedByte();
    int tag = in.readUnsignedByte();
    byte[] value = in.readNBytes(in.readInt());
    byte[] content = tag == CONTENT_TAG ? in.readNBytes(CONTENT.length) : new byte[0];
    return new Reply(tag, ByteBuffer.wrap(value), content);
  }

  private static Reply ask(Socket socket, String task, int number) throws Exception {
    socket.getOutputStream().write(RawFrames.request(task, number));
    return read(socket);
  }

  private static void assertContent(Reply reply) {
    assertThat(reply.tag()).isEqualTo(CONTENT_TAG);
    assertThat(reply.content()).isEqualTo(CONTENT);
    assertThat(reply.value().getInt(4)).isZero(); // number
    assertThat(reply.value().getLong(8)).isZero(); // offset
    assertThat(reply.value().getLong(16)).isEqualTo(CONTENT.length);
    var crc = new CRC32();
    crc.update(CONTENT);
    byte[] digest = Arrays.copyOfRange(reply.value().array(), 28, 28 + reply.value().getInt(24));
    assertThat(new String(digest, StandardCharsets.US_ASCII)).isEqualTo("crc32:" + crc.getValue());
  }

  @Test
  void connection_servesAnyPublicTask_oneRequestAfterTheOther() throws Exception {
    listen();
    try (Socket socket = connect()) {
      assertContent(ask(socket, open.id().value(), 0));
      assertThat(ask(socket, open.id().value(), 1).tag()).isEqualTo(ERROR_TAG);
      assertContent(ask(socket, other.id().value(), 0));
    }
  }

  @Test
  void twoRequestsAtOnce_areAnsweredInTheirOrder() throws Exception {
    listen();
    try (Socket socket = connect()) {
      byte[] both = RawFrames.concat(RawFrames.request(open.id().value(), 0), RawFrames.request(open.id().value(), 7));
      socket.getOutputStream().write(both);

      assertContent(read(socket));
      assertThat(read(socket).tag()).isEqualTo(ERROR_TAG);
    }
  }

  @Test
  @Threat("S-LEG-5")
  void restrictedTask_isNotFound_likeOneThatIsNotThere() throws Exception {
    listen();
    try (Socket socket = connect()) {
      Reply secret = ask(socket, restricted.id().value(), 0);
      Reply unknown = ask(socket, "0".repeat(64), 0);

      assertThat(secret.tag()).isEqualTo(ERROR_TAG);
      assertThat(secret.value().get(0)).isEqualTo((byte) NOT_FOUND);
      assertThat(secret.value()).isEqualTo(unknown.value());
    }
  }

  static Stream<byte[]> hostileBytes() {
    byte[] task = RawFrames.request("0".repeat(64), 0);
    byte[] upper = RawFrames.request("A".repeat(64), 0);
    return Stream.of(
        RawFrames.frame(0xd0, new byte[16]), // a grant
        RawFrames.frame(0xd2, new byte[4]),
        RawFrames.frame(2, new byte[68]), // persistent
        RawFrames.frame(4, new byte[68]),
        RawFrames.frame(1, new byte[68]),
        RawFrames.frame(254, new byte[0]),
        RawFrames.frame(255, new byte[1]),
        RawFrames.frame(0, new byte[0]),
        RawFrames.frame(0, new byte[67]),
        RawFrames.frame(0, 69, new byte[69]),
        RawFrames.frame(0, Integer.MAX_VALUE, new byte[0]),
        RawFrames.frame(0, -1, new byte[0]),
        upper,
        Arrays.copyOf(RawFrames.concat(new byte[] {0x16, 3, 1}, task), 80), // a TLS hello
        "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  @ParameterizedTest
  @MethodSource("hostileBytes")
  @Threat("S-LEG-3")
  void anythingElse_endsTheConnectionWithoutAnAnswer(byte[] bytes) throws Exception {
    listen();
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes);

      assertThat(readToEnd(socket)).isEmpty();
    }
  }

  /// Also when the other end resets the connection because bytes were left unread.
  private static byte[] readToEnd(Socket socket) throws Exception {
    try {
      return socket.getInputStream().readAllBytes();
    } catch (java.net.SocketException reset) {
      return new byte[0];
    }
  }

  @Test
  @Threat("S-LEG-3")
  void silenceAndHalfARequest_endTheConnection() throws Exception {
    listen(LOOPBACK, limits(8, Duration.ofMillis(100)));
    try (Socket silent = connect();
        Socket half = connect()) {
      half.getOutputStream().write(RawFrames.request(open.id().value(), 0), 0, 20);

      assertThat(readToEnd(silent)).isEmpty();
      assertThat(readToEnd(half)).isEmpty();
    }
  }

  @Test
  @Threat("S-LEG-3")
  void connectionOverTheShareOfItsAddress_isClosed_andRecorded() throws Exception {
    listen(LOOPBACK, limits(1, Duration.ofSeconds(5)));
    try (Socket first = connect()) {
      assertContent(ask(first, open.id().value(), 0));
      try (Socket second = connect()) {
        assertThat(readToEnd(second)).isEmpty();
      }
      assertContent(ask(first, open.id().value(), 0));
    }

    assertThat(parent.audit.await(it -> it.action() == AuditAction.LIMIT_HIT).detail()).containsKey(LegacyAudit.KEY);
  }

  @Test
  @Threat("S-LEG-1")
  void addressOutsideTheBlocks_isClosedUnread_andRecorded() throws Exception {
    listen(List.of(Cidr.parse("127.0.0.2/32")), limits(8, Duration.ofSeconds(5)));
    try (Socket socket = connect()) {
      socket.getOutputStream().write(RawFrames.request(open.id().value(), 0));

      assertThat(readToEnd(socket)).isEmpty();
    } catch (java.net.SocketException reset) {
      assertThat(reset).isNotNull(); // closed before the request was written
    }

    assertThat(parent.audit.await(it -> it.action() == AuditAction.AUTHN_FAILURE).reason()).isEqualTo("NOT_ADMITTED");
  }
}
