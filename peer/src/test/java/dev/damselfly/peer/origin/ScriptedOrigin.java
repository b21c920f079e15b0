package dev.damselfly.peer.origin;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ServerSocketFactory;

/// An HTTP/1.1 origin on a raw loopback socket that answers whatever its script says, right or wrong.
public final class ScriptedOrigin implements AutoCloseable {
  /// What a request looked like and how much was answered.
  ///
  /// @param headers names in lower case
  /// @param bodyBytes bytes of the body that were handed to the socket
  public record Seen(String method, String target, Map<String, String> headers, AtomicLong bodyBytes) {}

  /// One request under way.
  public static final class Exchange {
    private final Seen seen;
    private final OutputStream out;
    private boolean keep = true;

    private Exchange(Seen seen, OutputStream out) {
      this.seen = seen;
      this.out = out;
    }

    public String target() {
      return seen.target();
    }

    public String method() {
      return seen.method();
    }

    public String header(String name) {
      return seen.headers().getOrDefault(name, "");
    }

    /// Writes a response head as given.
    public Exchange head(int status, String... lines) throws IOException {
      var head = new StringBuilder("HTTP/1.1 " + status + " X\r\n");
      for (String line : lines) {
        head.append(line).append("\r\n");
      }
      return raw(head.append("\r\n").toString());
    }

    /// Writes text outside of any body.
    public Exchange raw(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      return this;
    }

    public Exchange body(byte[] bytes) throws IOException {
      return body(bytes, 0, bytes.length);
    }

    public Exchange body(byte[] bytes, int from, int length) throws IOException {
      if (!method().equals("HEAD")) {
        out.write(bytes, from, length);
        out.flush();
        seen.bodyBytes().addAndGet(length);
      }
      return this;
    }

    /// Closes the connection after this answer.
    public void hangUp() {
      keep = false;
    }
  }

  /// Answers one request.
  public interface Script {
    void answer(Exchange exchange) throws IOException, InterruptedException;
  }

  private final ServerSocket server;
  private final Script script;
  private final String scheme;
  private final List<Seen> requests = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicLong connections = new AtomicLong();

  private ScriptedOrigin(ServerSocket server, String scheme, Script script) {
    this.server = server;
    this.scheme = scheme;
    this.script = script;
  }

  public static ScriptedOrigin start(Script script) throws IOException {
    return start(ServerSocketFactory.getDefault(), "http", script);
  }

  /// @param factory makes TLS sockets for `https`
  public static ScriptedOrigin start(ServerSocketFactory factory, String scheme, Script script) throws IOException {
    var origin =
        new ScriptedOrigin(factory.createServerSocket(0, 50, InetAddress.getLoopbackAddress()), scheme, script);
    Thread.ofVirtual().start(origin::accept);
    return origin;
  }

  /// A well-behaved origin: ranges, a strong entity tag, lengths.
  public static Script serving(byte[] content, String etag) {
    return exchange -> {
      String range = exchange.header("range");
      String ifRange = exchange.header("if-range");
      if (range.isEmpty() || !(ifRange.isEmpty() || ifRange.equals(etag))) {
        exchange.head(200, "Content-Length: " + content.length, "ETag: " + etag).body(content);
        return;
      }
      String[] ends = range.substring("bytes=".length()).split("-");
      int first = Integer.parseInt(ends[0]);
      if (first >= content.length) {
        exchange.head(416, "Content-Range: bytes */" + content.length, "Content-Length: 0");
        return;
      }
      int last = Math.min(Integer.parseInt(ends[1]), content.length - 1);
      exchange
          .head(
              206,
              "Content-Range: bytes " + first + "-" + last + "/" + content.length,
              "Content-Length: " + (last - first + 1),
              "ETag: " + etag)
          .body(content, first, last - first + 1);
    };
  }

  public int port() {
    return server.getLocalPort();
  }

  public String url(String path) {
    return scheme + "://127.0.0.1:" + port() + path;
  }

  public List<Seen> requests() {
    return List.copyOf(requests);
  }

  public long connections() {
    return connections.get();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        var socket = server.accept();
        open.add(socket);
        connections.incrementAndGet();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      var in = new BufferedInputStream(socket.getInputStream());
      boolean keep = true;
      while (keep) {
        var seen = readHead(in);
        requests.add(seen);
        var exchange = new Exchange(seen, socket.getOutputStream());
        script.answer(exchange);
        keep = exchange.keep;
      }
    } catch (IOException e) {
      open.remove(socket); // the client went away, which scripts provoke
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Seen readHead(InputStream in) throws IOException {
    String[] request = readLine(in).split(" ");
    var headers = new LinkedHashMap<String, String>();
    for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
      int colon = line.indexOf(':');
      headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    return new Seen(request[0], request[1], headers, new AtomicLong());
  }

  private static String readLine(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the client closed the connection");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
