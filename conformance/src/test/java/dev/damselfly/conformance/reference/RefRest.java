package dev.damselfly.conformance.reference;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// The REST surface of the reference manager, as far as the cases look.
final class RefRest implements AutoCloseable {
  private static final String TOKEN = "reference-token";
  private static final int ASKED_BEFORE_END = 2;

  private final Set<Fault> faults;
  private final HttpServer server;
  private final AtomicInteger jobAsked = new AtomicInteger();

  RefRest(Set<Fault> faults) throws IOException {
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
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String path = exchange.getRequestURI().getPath();
      boolean signedIn = ("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"));
      if (path.equals("/api/v1/users/signin")) {
        if (!faults.contains(Fault.SETS_NO_COOKIE)) {
          exchange.getResponseHeaders().set("Set-Cookie", "jwt=" + TOKEN + "; Path=/");
        }
        send(exchange, 200, "{\"token\":\"" + TOKEN + "\",\"expire\":\"2026-12-01T00:00:00Z\"}");
      } else if (!signedIn && !faults.contains(Fault.SERVES_WITHOUT_TOKEN)) {
        send(exchange, 401, "{\"message\":\"Unauthorized\"}");
      } else if (path.equals("/api/v1/clusters")) {
        if (!faults.contains(Fault.LISTS_WITHOUT_LINKS)) {
          exchange.getResponseHeaders().set("Link", "</a>;rel=prev,</a>;rel=next,</a>;rel=first,</a>;rel=last");
        }
        send(exchange, 200, "[{\"id\":1}]");
      } else if (path.equals("/api/v1/jobs")) {
        create(exchange, body);
      } else if (path.startsWith("/api/v1/jobs/")) {
        boolean ended = jobAsked.incrementAndGet() > ASKED_BEFORE_END && !faults.contains(Fault.LEAVES_JOBS_PENDING);
        send(exchange, 200, "{\"id\":1,\"state\":\"" + (ended ? "FAILURE" : "PENDING") + "\"}");
      } else {
        send(exchange, faults.contains(Fault.SAYS_500_FOR_UNKNOWN) ? 500 : 404, "{\"message\":\"Not Found\"}");
      }
    }
  }

  private void create(HttpExchange exchange, String body) throws IOException {
    boolean known = body.contains("\"preheat\"") || faults.contains(Fault.TAKES_UNKNOWN_JOBS);
    send(exchange, known ? 200 : 422, known ? "{\"id\":1,\"state\":\"PENDING\"}" : "{\"errors\":\"unknown type\"}");
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
