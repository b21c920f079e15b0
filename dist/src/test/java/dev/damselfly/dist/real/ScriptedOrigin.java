package dev.damselfly.dist.real;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// An HTTP origin that says byte by byte what a test wants, on its own loopback address. One request per connection; a
/// virtual thread each.
final class ScriptedOrigin implements AutoCloseable {
  /// Answers one request with raw bytes; the connection is closed when it returns.
  @FunctionalInterface
  interface Script {
    void answer(Request request, OutputStream out) throws IOException, InterruptedException;
  }

  /// @param path of the request target
  /// @param headers by their names in lower case
  record Request(String method, String path, Map<String, String> headers) {
    /// First and last byte that were asked for.
    Optional<long[]> range() {
      String value = headers.getOrDefault("range", "");
      if (!value.startsWith("bytes=")) {
        return Optional.empty();
      }
      String[] ends = value.substring("bytes=".length()).split("-", 2);
      return Optional.of(new long[] {Long.parseLong(ends[0]), Long.parseLong(ends[1])});
    }

    /// Asks for content, not only what it is like.
    boolean wantsContent() {
      return method.equals("GET") && range().filter(ends -> ends[1] == 0).isEmpty();
    }
  }

  private final ServerSocket server;
  private final Map<String, Script> scripts = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private ScriptedOrigin(ServerSocket server) {
    this.server = server;
  }

  /// @param address a literal in 127.0.0.0/8
  static ScriptedOrigin start(String address) throws IOException {
    var server = new ServerSocket();
    server.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
    var origin = new ScriptedOrigin(server);
    Thread.ofVirtual().name("scripted-origin").start(origin::accept);
    return origin;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      Request request = read(new BufferedInputStream(socket.getInputStream()));
      requests.add(request);
      scripts.getOrDefault(request.path(), (_, out) -> head(out, "404 Not Found", "content-length: 0")).answer(request, socket.getOutputStream());
    } catch (IOException e) {
      // the client had enough
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(socket);
    }
  }

  private static Request read(InputStream in) throws IOException {
    String[] first = line(in).split(" ", 3);
    var headers = new TreeMap<String, String>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String[] part = line.split(":", 2);
      headers.put(part[0].toLowerCase(Locale.ROOT), part[1].strip());
    }
    return new Request(first[0], first[1], headers);
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("the request ended early");
      }
      line.append((char) b);
    }
    return line.toString().strip();
  }

  /// Status line and headers of an answer after which the connection ends.
  static void head(OutputStream out, String status, String... headers) throws IOException {
    String text = "HTTP/1.1 " + status + "\r\nconnection: close\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
    out.write(text.getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  void on(String path, Script script) {
    scripts.put(path, script);
  }

  String url(String path) {
    return "http://" + server.getInetAddress().getHostAddress() + ":" + server.getLocalPort() + path;
  }

  int port() {
    return server.getLocalPort();
  }

  /// Requests so far, in the order of their arrival.
  List<Request> requests(String path) {
    return requests.stream().filter(request -> request.path().equals(path)).toList();
  }

  /// Connections that have not ended.
  int connections() {
    return open.size();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
