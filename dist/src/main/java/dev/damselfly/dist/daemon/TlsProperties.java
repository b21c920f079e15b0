package dev.damselfly.dist.daemon;

/// Switches TLS session resumption off for the whole process: a resumed session would skip the verifier (L2). The
/// launcher sets the same properties; here they hold however the process was started.
final class TlsProperties {
  private TlsProperties() {}

  static void set() {
    System.setProperty("jdk.tls.server.enableSessionTicketExtension", "false");
    System.setProperty("jdk.tls.server.newSessionTicketCount", "0");
    System.setProperty("io.netty.handler.ssl.openssl.sessionCacheClient", "false");
  }
}
