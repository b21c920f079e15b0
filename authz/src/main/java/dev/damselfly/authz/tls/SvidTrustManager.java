package dev.damselfly.authz.tls;

import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.tls.HandshakeListener.Refusal;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/// Hands the peer's chain to [PeerCheck] and does nothing else. Host names play no part: the SPIFFE ID is the name.
final class SvidTrustManager extends X509ExtendedTrustManager {
  private final PeerCheck check;
  private final Expected expected;
  private final Consumer<Refusal> refusals;

  /// @param refusals hears of refused chains
  SvidTrustManager(PeerCheck check, Expected expected, Consumer<Refusal> refusals) {
    this.check = check;
    this.expected = expected;
    this.refusals = refusals;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
    check(chain, true, "unknown");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
    String host = engine.getPeerHost();
    check(chain, false, host == null ? "unknown" : host + ":" + engine.getPeerPort());
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
    check(chain, true, "unknown");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
    check(chain, false, "unknown");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
    check(chain, true, "unknown");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
    check(chain, false, "unknown");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0]; // no hint to strangers about our authorities
  }

  private void check(X509Certificate[] chain, boolean weServe, String remote) throws PeerRefused {
    try {
      check.check(chain, expected);
    } catch (PeerRefused e) {
      refusals.accept(new Refusal(weServe, e.reasons(), e.id(), remote));
      throw e;
    }
  }
}
