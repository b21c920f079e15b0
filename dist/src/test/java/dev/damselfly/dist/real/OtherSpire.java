package dev.damselfly.dist.real;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/// The SPIRE server of another trust domain; it has no agent and makes SVIDs when asked.
final class OtherSpire implements AutoCloseable {
  static final String DOMAIN = "other.test";
  private static final int ATTEMPTS = 5; // for a port that is free

  private final Path work;
  private final Command command;
  private final Command.Running server;

  private OtherSpire(Path work, Command command, Command.Running server) {
    this.work = work;
    this.command = command;
    this.server = server;
  }

  static OtherSpire start(Path work, Command command) throws IOException, InterruptedException {
    Files.createDirectories(work);
    Path config = work.resolve("server.conf");
    for (int i = 0; i < ATTEMPTS; i++) {
      Files.writeString(
          config,
          """
          server {
            bind_address = "127.0.0.1"
            bind_port = "%1$d"
            socket_path = "%2$s/server.sock"
            trust_domain = "%3$s"
            data_dir = "%2$s"
            ca_ttl = "1h"
            ca_key_type = "ec-p256"
          }
          plugins {
            DataStore "sql" { plugin_data { database_type = "sqlite3" connection_string = "%2$s/db" } }
            NodeAttestor "join_token" { plugin_data {} }
            KeyManager "memory" { plugin_data {} }
          }
          """
              .formatted(Spire.freePort(), work, DOMAIN));
      var other = new OtherSpire(work, command, command.startProgram(List.of(Spire.program("server").toString(), "run", "-config", config.toString())));
      if (other.isHealthy()) {
        return other;
      }
      other.close();
    }
    throw new IOException("the other server does not start");
  }

  private boolean isHealthy() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (System.nanoTime() < deadline) {
      if (run("healthcheck").code() == 0) {
        return true;
      }
      if (server.process().waitFor(50, TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return false;
  }

  private Command.Result run(String... words) throws IOException, InterruptedException {
    var line = new ArrayList<>(List.of(Spire.program("server").toString()));
    line.addAll(List.of(words));
    line.addAll(List.of("-socketPath", work.resolve("server.sock").toString()));
    return Command.await(command.startProgram(line));
  }

  private String ask(String... words) throws IOException, InterruptedException {
    Command.Result result = run(words);
    if (result.code() != 0) {
      throw new IOException(result.all());
    }
    return result.out();
  }

  String domain() {
    return "spiffe://" + DOMAIN;
  }

  /// Its authorities, in a file of the form that federation has.
  Path bundle(Path file) throws IOException, InterruptedException {
    return Files.writeString(file, ask("bundle", "show", "-format", "spiffe"));
  }

  /// `svid.pem` and `key.pem` in the directory.
  void mint(String id, Path directory) throws IOException, InterruptedException {
    ask("x509", "mint", "-spiffeID", id, "-write", Files.createDirectory(directory).toString());
  }

  /// Whether a server on this machine says anything to who shows this SVID: only who is let in hears of HTTP/2.
  ///
  /// @param trusted authorities of the server, as PEM
  static boolean isLetIn(Path svid, String trusted, int port) throws IOException, GeneralSecurityException {
    var context = SSLContext.getInstance("TLSv1.3");
    context.init(keys(svid).getKeyManagers(), trust(trusted).getTrustManagers(), null);
    try (var socket = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      var parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      socket.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1));
      return socket.getInputStream().read() >= 0;
    } catch (SSLException refused) {
      return false;
    }
  }

  private static KeyManagerFactory keys(Path svid) throws IOException, GeneralSecurityException {
    byte[] key = Base64.getMimeDecoder().decode(Files.readString(svid.resolve("key.pem")).replaceAll("-----[A-Z ]+-----", ""));
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("svid", KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)), new char[0],
        certificates(Files.readString(svid.resolve("svid.pem"))).toArray(Certificate[]::new));
    var factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, new char[0]);
    return factory;
  }

  private static TrustManagerFactory trust(String pem) throws IOException, GeneralSecurityException {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (Certificate authority : certificates(pem)) {
      store.setCertificateEntry("authority-" + store.size(), authority);
    }
    var factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    return factory;
  }

  private static List<Certificate> certificates(String pem) throws GeneralSecurityException {
    return List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII))));
  }

  @Override
  public void close() {
    Command.stop(server.process());
  }
}
