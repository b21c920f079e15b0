package dev.damselfly.peer.origin;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.time.Duration;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.TimeValue;
import org.jspecify.annotations.Nullable;

/// Makes the connections of the HTTP client: each goes to the address that the egress check returned, never to what a
/// name resolves to a second time (D6).
final class Connector implements HttpClientConnectionOperator {
  private final Egress egress;
  private final OriginTls tls;
  private final int timeoutMillis;

  Connector(Egress egress, OriginTls tls, Duration timeout) {
    this.egress = egress;
    this.tls = tls;
    this.timeoutMillis = (int) timeout.toMillis();
  }

  @Override
  public void connect(
      ManagedHttpClientConnection connection,
      HttpHost host,
      @Nullable InetSocketAddress local,
      TimeValue timeout,
      SocketConfig config,
      HttpContext context)
      throws IOException {
    var place = new Place(host.getSchemeName(), host.getHostName(), host.getPort());
    Egress.Way way = egress.check(place);
    var socket = new Socket(Proxy.NO_PROXY); // also no SOCKS proxy from system properties
    try {
      socket.setTcpNoDelay(true);
      socket.setKeepAlive(true);
      socket.setSoTimeout(timeoutMillis);
      connection.bind(socket);
      socket.connect(way.address(), timeoutMillis);
      connection.bind(socket);
      if (place.secure()) {
        connection.bind(tls.over(socket, place, way.privateCa()), socket);
      }
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /// Only tunnels upgrade a connection, and there are none.
  @Override
  public void upgrade(ManagedHttpClientConnection connection, HttpHost host, HttpContext context) {
    throw new UnsupportedOperationException("connections are never upgraded");
  }
}
