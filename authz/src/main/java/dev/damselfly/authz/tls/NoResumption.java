package dev.damselfly.authz.tls;

import io.netty.handler.ssl.DelegatingSslContext;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.internal.tcnative.SSL;
import java.util.Map;
import javax.net.ssl.SSLEngine;

/// Turns session resumption off, in every way the providers know. A resumed session skips the trust manager: the peer
/// would keep the identity of its first connection (F-23).
final class NoResumption {
  /// One second more than TLS 1.3 lets a ticket live: with it, the JDK neither sends tickets nor keeps received ones.
  static final long TIMEOUT_SECONDS = 7 * 24 * 3600 + 1;

  /// Read by the JDK and by Netty when their classes load.
  private static final Map<String, String> PROPERTIES =
      Map.of(
          "jdk.tls.server.enableSessionTicketExtension", "false",
          "jdk.tls.client.enableSessionTicketExtension", "false",
          "jdk.tls.server.newSessionTicketCount", "0",
          "io.netty.handler.ssl.openssl.sessionCacheClient", "false",
          "io.netty.handler.ssl.openssl.sessionCacheServer", "false");

  private NoResumption() {}

  /// Sets what is not set.
  ///
  /// @throws IllegalStateException when a property asks for resumption
  static void setProperties() {
    PROPERTIES.forEach(
        (name, value) -> {
          String present = System.getProperty(name);
          if (present != null && !present.equals(value)) {
            throw new IllegalStateException("system property " + name + " must be " + value);
          }
          System.setProperty(name, value);
        });
  }

  /// Does the same on one context and each of its engines, whatever was loaded before.
  static SslContext apply(SslContext context) {
    if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
      sessions.setSessionCacheEnabled(false);
    }
    return new WithoutTickets(context);
  }

  private static final class WithoutTickets extends DelegatingSslContext {
    WithoutTickets(SslContext context) {
      super(context);
    }

    @Override
    protected void initEngine(SSLEngine engine) {
      if (engine instanceof ReferenceCountedOpenSslEngine openSsl) {
        SSL.setOptions(openSsl.sslPointer(), SSL.SSL_OP_NO_TICKET);
      }
    }
  }
}
