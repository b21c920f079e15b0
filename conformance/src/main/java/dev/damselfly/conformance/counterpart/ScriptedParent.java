package dev.damselfly.conformance.counterpart;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Network;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Task;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.SyncHostRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// A parent over plain TCP that holds pieces of one content of the [Origin], and may misbehave. Thread-safe.
public final class ScriptedParent extends DfdaemonUploadGrpc.DfdaemonUploadImplBase {
  private static final int PIECE = 4 << 20;

  /// What it does with a request for a piece.
  public enum Manner {
    GOOD,
    /// Closes the connection in the middle of the content.
    DIES,
    /// Sends other bytes than those of the digest.
    WRONG_BYTES,
    /// Announces and sends fewer bytes than the piece has.
    SHORT,
    /// Sends bytes behind the content, then closes.
    EXTRA,
    /// Knows nothing of the piece.
    NOT_FOUND
  }

  /// Numbers of the pieces that were asked for.
  public final BlockingQueue<Integer> asked = new LinkedBlockingQueue<>();

  private final Stage stage;
  private final String name;
  private final Content content;
  private final long length;
  private final Manner manner;
  private final Set<Integer> holds;
  private final Endpoint endpoint;
  private final ServerSocket pieces;
  private final String peerId;

  /// @param holds numbers of the pieces that it announces
  public ScriptedParent(Stage stage, String name, Content content, long length, Manner manner, Set<Integer> holds) {
    this.stage = stage;
    this.name = name;
    this.content = content;
    this.length = length;
    this.manner = manner;
    this.holds = Set.copyOf(holds);
    this.peerId = "127.0.0.1-" + name + "-" + stage.uuid();
    this.endpoint = stage.wire().serve(name, stage.target().actors().credentials(Role.PEER, name), List.of(this));
    try {
      pieces = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    stage.wire().onClose(this::closePieces);
    Thread.ofVirtual().start(this::accept);
  }

  private void closePieces() {
    try {
      pieces.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// How a scheduler offers it.
  public Peer offer() {
    var at = Timestamp.newBuilder().setSeconds(1_767_225_600);
    return Peer.newBuilder()
        .setId(peerId)
        .setState("Succeeded")
        .setCost(Duration.newBuilder().setNanos(1_000_000))
        .setCreatedAt(at)
        .setUpdatedAt(at)
        .setTask(
            Task.newBuilder().setId(content.taskId()).setUrl(content.download().getUrl()).setState("Succeeded").setCreatedAt(at).setUpdatedAt(at))
        .setHost(
            Host.newBuilder()
                .setId("127.0.0.1-" + name)
                .setHostname(name)
                .setIp("127.0.0.1")
                .setPort(endpoint.port())
                .setDownloadPort(endpoint.port())
                .setNetwork(Network.newBuilder().setMaxTxBandwidth(10_000_000_000L)))
        .build();
  }

  public String peerId() {
    return peerId;
  }

  @Override
  public void syncPieces(SyncPiecesRequest request, StreamObserver<SyncPiecesResponse> out) {
    if (!request.getTaskId().equals(content.taskId())) {
      out.onError(Status.INTERNAL.withDescription("task " + request.getTaskId() + " not found").asRuntimeException());
      return;
    }
    for (int number : request.getInterestedPieceNumbersList()) {
      if (holds.contains(number)) {
        out.onNext(
            SyncPiecesResponse.newBuilder()
                .setNumber(number)
                .setOffset((long) number * PIECE)
                .setLength(size(number))
                .setIp("127.0.0.1")
                .setTcpPort(pieces.getLocalPort())
                .setQuicPort(pieces.getLocalPort())
                .build());
      }
    }
    out.onCompleted();
  }

  @Override
  public void syncHost(SyncHostRequest request, StreamObserver<Host> out) {
    out.onNext(Host.newBuilder().setNetwork(Network.newBuilder().setMaxTxBandwidth(10_000_000_000L).setTxBandwidth(0)).build());
    // stays open, as a sampler would
  }

  private int size(int number) {
    return (int) Math.min(PIECE, length - (long) number * PIECE);
  }

  private void accept() {
    while (!pieces.isClosed()) {
      try {
        Socket socket = pieces.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return; // the case is over
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      var in = new DataInputStream(socket.getInputStream());
      boolean more = true;
      while (more) {
        byte[] request = new byte[74];
        in.readFully(request);
        stage.transcript().bytes("target", "vortex to " + name, request);
        int number = ByteBuffer.wrap(request, 70, 4).getInt();
        asked.add(number);
        more = reply(socket.getOutputStream(), number);
      }
    } catch (IOException e) {
      // the child is gone
    }
  }

  /// @return whether the connection goes on
  private boolean reply(OutputStream out, int number) throws IOException {
    if (manner == Manner.NOT_FOUND) {
      byte[] text = ("piece " + content.taskId() + "-" + number + " not found").getBytes(StandardCharsets.US_ASCII);
      out.write(ByteBuffer.allocate(7 + text.length).put((byte) 1).put((byte) 255).putInt(text.length + 1).put((byte) 2).put(text).array());
      return true;
    }
    int size = size(number);
    byte[] bytes = Origin.bytes((long) number * PIECE, size);
    String digest = Origin.digest((long) number * PIECE, size);
    if (manner == Manner.WRONG_BYTES) {
      bytes[size / 2] ^= 1;
    }
    int announced = manner == Manner.SHORT ? size / 2 : size;
    out.write(head(number, announced, digest));
    int sent = manner == Manner.DIES ? size / 2 : announced;
    out.write(bytes, 0, sent);
    if (manner == Manner.EXTRA) {
      out.write(new byte[100]);
    }
    return manner == Manner.GOOD || manner == Manner.WRONG_BYTES;
  }

  private static byte[] head(int number, long size, String digest) {
    byte[] text = digest.getBytes(StandardCharsets.US_ASCII);
    int metadata = 45 + text.length;
    return ByteBuffer.allocate(6 + 4 + metadata)
        .put((byte) 7)
        .put((byte) 1)
        .putInt(4 + metadata)
        .putInt(metadata)
        .putInt(number)
        .putLong((long) number * PIECE)
        .putLong(size)
        .putInt(text.length)
        .put(text)
        .putInt(0)
        .put((byte) 1)
        .putLong(0)
        .putLong(1_767_225_600)
        .array();
  }
}
