package dev.damselfly.conformance.counterpart;

import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.link.Transcript;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// The child's end of one piece connection over TCP, byte by byte and without the codec of anybody.
public final class Vortex implements AutoCloseable {
  public static final int REQUEST = 0;
  public static final int CONTENT = 1;
  public static final int CLOSE = 254;
  public static final int ERROR = 255;
  private static final int VALUE = 68;
  private static final int MAX_VALUE = 1 << 20;

  /// What a parent said.
  public sealed interface Reply {
    /// A content reply.
    ///
    /// @param headerLength as the header says
    record Piece(int tag, long headerLength, long metadataLength, int number, long offset, long length, String digest, byte[] content)
        implements Reply {
      @Override
      public String toString() {
        return "piece %d offset %d length %d digest %s tag %d".formatted(number, offset, length, digest, tag);
      }
    }

    record Refusal(int code, String message) implements Reply {}

    /// The parent closed the connection.
    record Closed() implements Reply {}

    /// Nothing came in time.
    record Silence() implements Reply {}
  }

  private final Socket socket;
  private final DataInputStream in;
  private final Transcript transcript;

  private Vortex(Socket socket, Transcript transcript) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
    this.transcript = transcript;
  }

  public static Vortex connect(Endpoint to, int patienceMillis, Transcript transcript) throws IOException {
    var socket = new Socket(to.host(), to.port());
    socket.setSoTimeout(patienceMillis);
    return new Vortex(socket, transcript);
  }

  /// The bytes of a request.
  public static byte[] request(int tag, String taskId, int number) {
    return ByteBuffer.allocate(6 + VALUE)
        .put((byte) 0x2a)
        .put((byte) tag)
        .putInt(VALUE)
        .put(taskId.getBytes(StandardCharsets.US_ASCII))
        .putInt(number)
        .array();
  }

  public Vortex send(byte[] bytes) throws IOException {
    transcript.bytes("child", "vortex", bytes);
    socket.getOutputStream().write(bytes);
    return this;
  }

  /// The next reply with all of its content.
  public Reply read() throws IOException {
    try {
      return readFrame();
    } catch (EOFException | SocketException e) {
      transcript.note("target", "vortex closed");
      return new Reply.Closed();
    } catch (SocketTimeoutException e) {
      return new Reply.Silence();
    }
  }

  private Reply readFrame() throws IOException {
    in.readUnsignedByte();
    int tag = in.readUnsignedByte();
    long length = Integer.toUnsignedLong(in.readInt());
    if (length > MAX_VALUE) {
      throw new IOException("a reply of " + length + " bytes");
    }
    if (tag == ERROR) {
      byte[] value = exactly(in, (int) length);
      transcript.bytes("target", "vortex error", value);
      return new Reply.Refusal(value[0] & 0xff, new String(value, 1, value.length - 1, StandardCharsets.UTF_8));
    }
    long metadata = Integer.toUnsignedLong(in.readInt());
    int number = in.readInt();
    long offset = in.readLong();
    long size = in.readLong();
    String digest = new String(exactly(in, in.readInt()), StandardCharsets.UTF_8);
    exactly(in, in.readInt());
    exactly(in, 17);
    if (size < 0 || size > 64 << 20) {
      throw new IOException("a piece of " + size + " bytes");
    }
    byte[] content = exactly(in, (int) size);
    transcript.note("target", "vortex tag " + tag + " length " + length + " metadata " + metadata + " piece " + number + " " + offset + "+" + size + " " + digest);
    return new Reply.Piece(tag, length, metadata, number, offset, size, digest, content);
  }

  private static byte[] exactly(InputStream in, int count) throws IOException {
    if (count < 0 || count > 64 << 20) {
      throw new IOException("a part of " + count + " bytes");
    }
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException();
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
