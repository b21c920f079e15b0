package dev.damselfly.peer.proxy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;

/// A client that sends any bytes and reads answers literally. Not thread-safe.
@NullMarked
final class RawHttp implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 90_000; // only so that a test ends: how long something takes is no test of ours

  private final Socket socket;
  private final InputStream in;

  /// @param headers names in lower case
  /// @param whole the body has its announced length
  record Answer(int status, Map<String, String> headers, byte[] body, boolean whole) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }

    String text() {
      return new String(body, StandardCharsets.ISO_8859_1);
    }
  }

  RawHttp(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.setTcpNoDelay(true);
    in = new java.io.BufferedInputStream(socket.getInputStream());
  }

  /// @param text with `~` for CR LF
  RawHttp send(String text) throws IOException {
    socket.getOutputStream().write(text.replace("~", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
    return this;
  }

  /// Reads one answer to a GET.
  Answer read() throws IOException {
    return read(false);
  }

  /// @param headOnly the request was a HEAD
  Answer read(boolean headOnly) throws IOException {
    String[] status = line().split(" ", 3);
    var headers = new TreeMap<String, String>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.merge(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip(), (a, b) -> a + " TWICE " + b);
    }
    int code = Integer.parseInt(status[1]);
    long length = headOnly || code == 304 ? 0 : Long.parseLong(headers.getOrDefault("content-length", "0"));
    var body = new ByteArrayOutputStream();
    try {
      body.write(in.readNBytes((int) length));
    } catch (java.net.SocketException reset) {
      return new Answer(code, headers, body.toByteArray(), false);
    }
    return new Answer(code, headers, body.toByteArray(), body.size() == length);
  }

  /// Reads a head and leaves its body on the connection.
  int readStatus() throws IOException {
    int status = Integer.parseInt(line().split(" ", 3)[1]);
    while (!line().isEmpty()) {
      // the head is of no interest
    }
    return status;
  }

  byte[] readBytes(int count) throws IOException {
    return in.readNBytes(count);
  }

  /// Takes everything that still comes.
  ///
  /// @return number of bytes
  long takeRest() throws IOException {
    long count = 0;
    var buffer = new byte[1 << 16];
    try {
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        count += got;
      }
    } catch (java.net.SocketException reset) {
      return count;
    }
    return count;
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the connection ended");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  /// Whether the other end closes the connection without an answer to this.
  boolean isRefused(String text) throws IOException {
    try {
      send(text);
    } catch (java.net.SocketException reset) {
      return true;
    }
    return isEnded();
  }

  /// Whether the other end closed the connection, after nothing more.
  boolean isEnded() throws IOException {
    try {
      return in.read() < 0;
    } catch (java.net.SocketException reset) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
