package dev.damselfly.conformance.counterpart;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.damselfly.conformance.suite.Stage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/// An HTTP origin. Every path holds bytes of the length that its query or the script names; byte `i` is a function of
/// `i`, so that nothing is stored. Answers ranges. Thread-safe.
public final class Origin {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");
  private static final int CHUNK = 64 << 10;

  /// A request that was answered.
  ///
  /// @param range as asked; empty for none
  /// @param sent bytes of the body
  public record Exchange(String method, String path, String range, int status, long sent) {}

  private final Stage stage;
  private final HttpServer server;
  private final BlockingQueue<Exchange> seen = new LinkedBlockingQueue<>();
  private final List<Exchange> all = new CopyOnWriteArrayList<>();
  private volatile long length;
  private volatile CountDownLatch gate = new CountDownLatch(0);
  private volatile String redirect = "";

  private Origin(Stage stage, long length) {
    this.stage = stage;
    this.length = length;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    stage.wire().onClose(
        () -> {
          gate.countDown();
          server.stop(0);
        });
  }

  /// Listens until the case ends.
  ///
  /// @param length of each content
  public static Origin open(Stage stage, long length) {
    return new Origin(stage, length);
  }

  public String base() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /// Something new to download.
  public Content content() {
    return content("/" + stage.taskId());
  }

  public Content content(String path) {
    return Content.of(
        Content.at(base() + path, length).download().toBuilder().clearActualContentLength().clearActualPieceCount().clearActualPieceLength().build());
  }

  public void length(long bytes) {
    length = bytes;
  }

  /// Bodies beyond the first byte wait until [#release].
  public void hold() {
    gate = new CountDownLatch(1);
  }

  public void release() {
    gate.countDown();
  }

  /// Every path redirects there from now on.
  public void redirect(String location) {
    redirect = location;
  }

  /// Bytes of bodies sent so far, without one-byte questions for the length.
  public long sent() {
    return all.stream().mapToLong(Exchange::sent).filter(bytes -> bytes > 1).sum();
  }

  /// Answered requests, in order.
  public BlockingQueue<Exchange> seen() {
    return seen;
  }

  /// The byte at a place of every content.
  public static byte at(long place) {
    return (byte) (place * 31 + (place >>> 11) * 7 + (place >>> 20));
  }

  public static byte[] bytes(long from, int count) {
    var bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = at(from + i);
    }
    return bytes;
  }

  /// The digest that the wire has for these bytes.
  public static String digest(long from, int count) {
    var crc = new CRC32();
    crc.update(bytes(from, count));
    return "crc32:" + crc.getValue();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String range = String.valueOf(exchange.getRequestHeaders().getOrDefault("Range", List.of("")).getFirst());
    try (exchange) {
      if (!redirect.isEmpty()) {
        exchange.getResponseHeaders().set("Location", redirect);
        exchange.sendResponseHeaders(302, -1);
        note(exchange, range, 302, 0);
        return;
      }
      var asked = RANGE.matcher(range);
      boolean part = asked.matches();
      long from = part ? Long.parseLong(asked.group(1)) : 0;
      long to = part && !asked.group(2).isEmpty() ? Math.min(Long.parseLong(asked.group(2)), length - 1) : length - 1;
      exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
      exchange.getResponseHeaders().set("ETag", "\"v1\"");
      if (part && from >= length) {
        exchange.getResponseHeaders().set("Content-Range", "bytes */" + length);
        exchange.sendResponseHeaders(416, -1);
        note(exchange, range, 416, 0);
        return;
      }
      if (part) {
        exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + to + "/" + length);
      }
      body(exchange, range, part ? 206 : 200, from, to - from + 1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void body(HttpExchange exchange, String range, int status, long from, long count) throws IOException, InterruptedException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Long.toString(count));
      exchange.sendResponseHeaders(status, -1);
      note(exchange, range, status, 0);
      return;
    }
    exchange.sendResponseHeaders(status, count == 0 ? -1 : count);
    long sent = 0;
    if (count > 1 && !gate.await(stage.patience().toMillis() * 2, TimeUnit.MILLISECONDS)) {
      return;
    }
    try {
      OutputStream out = exchange.getResponseBody();
      while (sent < count) {
        int size = (int) Math.min(CHUNK, count - sent);
        out.write(bytes(from + sent, size));
        sent += size;
      }
    } finally {
      note(exchange, range, status, sent);
    }
  }

  private void note(HttpExchange exchange, String range, int status, long sent) {
    var one = new Exchange(exchange.getRequestMethod(), exchange.getRequestURI().toString(), range, status, sent);
    stage.transcript().note("origin", one.toString());
    all.add(one);
    seen.add(one);
  }
}
