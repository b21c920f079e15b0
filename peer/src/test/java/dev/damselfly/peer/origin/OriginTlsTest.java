package dev.damselfly.peer.origin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who an https origin has to be.
@NullMarked
@Threat({"TOB-3", "CVE-2025-59347", "S-ORG-6"})
class OriginTlsTest {
  private static final String NAME = "origin.test";
  private static final char[] NO_PASSWORD = {};

  @TempDir Path temp;
  private final OriginTls tls = new OriginTls();
  private SSLServerSocket origin = unbound();
  private Path authority = Path.of("/");

  private static SSLServerSocket unbound() {
    try {
      return (SSLServerSocket) SSLContext.getDefault().getServerSocketFactory().createServerSocket();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeEach
  void open() throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance("EC").generateKeyPair();
    X509Certificate certificate = selfSigned(keys);
    authority = Files.write(temp.resolve("ca.der"), certificate.getEncoded());
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("origin", keys.getPrivate(), NO_PASSWORD, new Certificate[] {certificate});
    var managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(store, NO_PASSWORD);
    var context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    origin.close();
    origin =
        (SSLServerSocket)
            context.getServerSocketFactory().createServerSocket(0, 16, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::serve);
  }

  private static X509Certificate selfSigned(KeyPair keys) throws Exception {
    var subject = new X500Name("CN=" + NAME);
    Instant now = Instant.now();
    var builder =
        new JcaX509v3CertificateBuilder(
            subject, BigInteger.ONE, Date.from(now.minus(Duration.ofHours(1))), Date.from(now.plus(Duration.ofHours(1))),
            subject, keys.getPublic());
    builder.addExtension(
        Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(GeneralName.dNSName, NAME)));
    var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
    return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
  }

  private void serve() {
    while (!origin.isClosed()) {
      try (var accepted = (SSLSocket) origin.accept()) {
        accepted.startHandshake();
        accepted.getOutputStream().write(7);
        accepted.getInputStream().read();
      } catch (IOException refused) {
        // The client did not like us, or the test is over.
      }
    }
  }

  @AfterEach
  void close() throws IOException {
    origin.close();
  }

  /// The first byte that the origin sends.
  private int greeting(String host, Optional<Path> privateCa) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), origin.getLocalPort());
    socket.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
    try (socket;
        SSLSocket over = tls.over(socket, new Place("https", host, origin.getLocalPort()), privateCa)) {
      return over.getInputStream().read();
    }
  }

  @Test
  void origin_withItsOwnNameAndANamedAuthority_isAccepted() throws IOException {
    assertThat(greeting(NAME, Optional.of(authority))).isEqualTo(7);
  }

  @Test
  void origin_withTheCertificateOfAnotherHost_isRefused() {
    assertThatThrownBy(() -> greeting("other.test", Optional.of(authority))).isInstanceOf(SSLException.class);
    assertThatThrownBy(() -> greeting("127.0.0.1", Optional.of(authority))).isInstanceOf(SSLException.class);
    assertThatThrownBy(() -> greeting("sub." + NAME, Optional.of(authority))).isInstanceOf(SSLException.class);
  }

  @Test
  void origin_ofAnAuthorityThatNobodyNamed_isRefused() {
    assertThatThrownBy(() -> greeting(NAME, Optional.empty())).isInstanceOf(SSLException.class);
  }
}
