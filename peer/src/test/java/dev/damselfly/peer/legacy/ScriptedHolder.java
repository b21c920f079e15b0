package dev.damselfly.peer.legacy;

import dev.damselfly.peer.testing.RawFrames;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.NullMarked;

/// A host without an identity on a loopback address: answers each request by its script, right or wrong.
@NullMarked
public final class ScriptedHolder implements AutoCloseable {
  private static final int REQUEST = 74;
  private static final int NOT_FOUND = 2;

  private final ServerSocket server;
  private final Script script;

  /// Numbers of the pieces that it was asked for.
  public final List<Integer> asked = new CopyOnWriteArrayList<>();

  /// Answers one request; the connection is closed afterwards.
  @FunctionalInterface
  public interface Script {
    void answer(int number, Socket connection, OutputStream out) throws IOException;
  }

  /// @param port 0 takes a free one
  public ScriptedHolder(String address, int port, Script script) {
    this.script = script;
    try {
      server = new ServerSocket(port, 50, InetAddress.getByName(address));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("holder").start(this::accept);
  }

  /// What an honest host does.
  public static Script serving(byte[] content, int pieceLength) {
    return (number, _, out) -> {
      long start = (long) number * pieceLength;
      if (start >= content.length) {
        out.write(RawFrames.error(NOT_FOUND, "piece not found"));
        return;
      }
      int length = (int) Math.min(pieceLength, content.length - start);
      out.write(RawFrames.contentHead(number, start, length, "crc32:1"));
      out.write(content, (int) start, length);
    };
  }

  /// Waits until the other side has hung up.
  public static void awaitEnd(Socket connection) throws IOException {
    while (connection.getInputStream().read() >= 0) {
      // whatever else was sent
    }
  }

  public int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket connection = server.accept();
        Thread.ofVirtual().start(() -> serve(connection));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      byte[] request = new byte[REQUEST];
      new DataInputStream(connection.getInputStream()).readFully(request);
      int number = java.nio.ByteBuffer.wrap(request, REQUEST - 4, 4).getInt();
      asked.add(number);
      script.answer(number, connection, connection.getOutputStream());
    } catch (IOException hungUp) {
      // the other side may do that at any time
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
