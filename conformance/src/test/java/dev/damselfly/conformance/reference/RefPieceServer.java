package dev.damselfly.conformance.reference;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/// Serves pieces over TCP, and answers the first packet of QUIC.
final class RefPieceServer implements AutoCloseable {
  private final RefStore store;
  private final Set<Fault> faults;
  private final ServerSocket tcp;
  private final DatagramSocket udp;

  RefPieceServer(RefStore store, Set<Fault> faults) throws IOException {
    this.store = store;
    this.faults = faults;
    this.tcp = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    this.udp = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
    Thread.ofPlatform().daemon().start(this::negotiate);
  }

  int tcpPort() {
    return tcp.getLocalPort();
  }

  int quicPort() {
    return udp.getLocalPort();
  }

  private void accept() {
    while (!tcp.isClosed()) {
      try {
        Socket socket = tcp.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return; // stopped
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      var in = new DataInputStream(socket.getInputStream());
      boolean more = true;
      while (more) {
        int id = in.readUnsignedByte();
        int tag = in.readUnsignedByte();
        long length = Integer.toUnsignedLong(in.readInt());
        boolean known = tag == 0 || faults.contains(Fault.SERVES_ANY_TAG);
        boolean huge = length > 1 << 20;
        boolean fits = length == 68 || length == 67 && faults.contains(Fault.TAKES_OTHER_LENGTHS);
        if (huge && faults.contains(Fault.ANSWERS_HUGE_FRAMES)) {
          error(socket.getOutputStream(), 1, "too long");
          return;
        }
        if (!known || !fits || huge) {
          return;
        }
        byte[] value = in.readNBytes(68);
        more = reply(socket.getOutputStream(), id, new String(value, 0, 64, StandardCharsets.US_ASCII), ByteBuffer.wrap(value, 64, 4).getInt());
      }
    } catch (IOException e) {
      // the child is gone
    }
  }

  private boolean reply(OutputStream out, int id, String task, int number) throws IOException {
    RefStore.Held held = store.find(task);
    byte[] bytes = held == null ? null : held.get(number);
    if (bytes == null) {
      error(out, faults.contains(Fault.SAYS_INTERNAL_FOR_MISSING) ? 3 : 2, "piece " + task + "-" + number + " not found");
      return true;
    }
    byte[] digest = RefStore.digest(bytes).getBytes(StandardCharsets.US_ASCII);
    int metadata = 45 + digest.length;
    int counted = faults.contains(Fault.COUNTS_CONTENT_IN_HEADER) && bytes.length == 1 ? metadata + 4 + bytes.length : metadata + 4;
    out.write(
        ByteBuffer.allocate(10 + metadata)
            .put((byte) id)
            .put((byte) 1)
            .putInt(counted)
            .putInt(metadata)
            .putInt(number)
            .putLong((long) number * RefStore.PIECE)
            .putLong(bytes.length)
            .putInt(digest.length)
            .put(digest)
            .putInt(0)
            .put((byte) 1)
            .putLong(0)
            .putLong(1_767_225_600)
            .array());
    out.write(bytes);
    return !(faults.contains(Fault.CLOSES_AFTER_REPLY) && number == 1);
  }

  private static void error(OutputStream out, int code, String text) throws IOException {
    byte[] message = text.getBytes(StandardCharsets.US_ASCII);
    out.write(ByteBuffer.allocate(7 + message.length).put((byte) 1).put((byte) 255).putInt(message.length + 1).put((byte) code).put(message).array());
  }

  /// Version negotiation for versions that nobody has.
  private void negotiate() {
    byte[] buffer = new byte[2_000];
    while (!udp.isClosed()) {
      try {
        var packet = new DatagramPacket(buffer, buffer.length);
        udp.receive(packet);
        int version = faults.contains(Fault.SPEAKS_OTHER_QUIC) ? 2 : 1;
        byte[] answer =
            ByteBuffer.allocate(27).put((byte) 0x80).putInt(0).put((byte) 8).putLong(2).put((byte) 8).putLong(1).putInt(version).array();
        udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      } catch (IOException e) {
        return; // stopped
      }
    }
  }

  @Override
  public void close() {
    udp.close();
    try {
      tcp.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
