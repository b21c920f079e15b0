package dev.damselfly.conformance.reference;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.damselfly.api.wire.common.v2.Download;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;

/// The HTTP proxy of the reference peer: ranges of small content.
final class RefProxy implements AutoCloseable {
  private final ReferencePeer peer;
  private final Set<Fault> faults;
  private final HttpServer server;

  RefProxy(ReferencePeer peer, Set<Fault> faults) throws IOException {
    this.peer = peer;
    this.faults = faults;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.createContext("/", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String url = exchange.getRequestURI().toString();
      String range = exchange.getRequestHeaders().getFirst("Range");
      long length = peer.origin().length(url, Map.of());
      String[] ends = range.substring("bytes=".length()).split("-", -1);
      long from = Long.parseLong(ends[0]);
      if (from >= length) {
        exchange.sendResponseHeaders(faults.contains(Fault.PROXY_FAILS_BEYOND_END) ? 500 : 416, -1);
        return;
      }
      long to = ends[1].isEmpty() ? length - 1 : Math.min(length - 1, Long.parseLong(ends[1]));
      byte[] body = peer.origin().read(url, Map.of(), from, (int) (to - from + 1));
      exchange.getResponseHeaders().set("X-Dragonfly-Task-ID", RefIds.of(Download.newBuilder().setUrl(url).build(), faults));
      if (!faults.contains(Fault.PROXY_OMITS_CONTENT_RANGE)) {
        exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + to + "/" + length);
      }
      exchange.sendResponseHeaders(206, body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
