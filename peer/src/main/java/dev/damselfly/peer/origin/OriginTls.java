package dev.damselfly.peer.origin;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// TLS to origins: 1.3, or 1.2 with AEAD and forward secrecy; chain and host name always checked (S-ORG-6). Thread-safe.
final class OriginTls {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final String[] SUITES = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
  };
  private static final int MAX_CA_BYTES = 1 << 20;

  /// One context per private CA file; the files are named in the policy, so there are few.
  private final Map<Optional<Path>, SSLContext> contexts = new ConcurrentHashMap<>();

  /// Shakes hands over a connected socket, which the result owns.
  ///
  /// @param place its host is the name that the certificate must carry
  SSLSocket over(Socket socket, Place place, Optional<Path> privateCa) throws IOException {
    var tls = (SSLSocket) context(privateCa).getSocketFactory().createSocket(socket, place.host(), place.port(), true);
    SSLParameters parameters = tls.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setCipherSuites(SUITES);
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    tls.setSSLParameters(parameters);
    tls.startHandshake();
    return tls;
  }

  private SSLContext context(Optional<Path> privateCa) throws IOException {
    var known = contexts.get(privateCa);
    if (known != null) {
      return known;
    }
    try {
      var trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(privateCa.isPresent() ? authorities(privateCa.get()) : null);
      var context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      contexts.put(privateCa, context);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("the trust of this origin cannot be set up", e);
    }
  }

  private static @Nullable KeyStore authorities(Path file) throws IOException, GeneralSecurityException {
    if (Files.size(file) > MAX_CA_BYTES) {
      throw new IOException("a private CA file has at most 1 MiB");
    }
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = Files.newInputStream(file)) {
      int index = 0;
      for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca-" + index, certificate);
        index++;
      }
    }
    if (store.size() == 0) {
      throw new IOException("a private CA file must hold a certificate");
    }
    return store;
  }
}
