package dev.damselfly.peer.testing;

import dev.damselfly.authz.testing.TestSvid;
import dev.damselfly.peer.transfer.PieceTransport;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/// Connections to a piece port that nothing of ours restrains: any certificate or none, any protocol, no check of the
/// server. Reads give up after 30 s.
public final class RawTls {
  private static final int PATIENCE_MILLIS = 30_000;
  private static final char[] PASSWORD = "test".toCharArray();

  private RawTls() {}

  /// Without TLS.
  public static Socket plain(int port) throws IOException {
    var socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /// The handshake is done when this returns, as far as the client can tell.
  ///
  /// @param svid absent for no certificate
  public static SSLSocket connect(int port, Optional<TestSvid> svid, String alpn) throws Exception {
    return connect(context(svid), port, alpn);
  }

  public static SSLSocket connect(int port, TestSvid svid) throws Exception {
    return connect(port, Optional.of(svid), PieceTransport.ALPN);
  }

  /// One more connection of a client that keeps its sessions in the context.
  public static SSLSocket connect(SSLContext context, int port, String alpn) throws IOException {
    var socket = (SSLSocket) context.getSocketFactory().createSocket(plain(port), "127.0.0.1", port, true);
    var parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3"});
    parameters.setApplicationProtocols(new String[] {alpn});
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  public static SSLContext context(Optional<TestSvid> svid) throws GeneralSecurityException, IOException {
    var context = SSLContext.getInstance("TLSv1.3");
    KeyManager[] keys = svid.isPresent() ? keys(svid.get()) : new KeyManager[0];
    context.init(keys, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    return context;
  }

  private static KeyManager[] keys(TestSvid svid) throws GeneralSecurityException, IOException {
    var factory = CertificateFactory.getInstance("X.509");
    var chain = new ArrayList<Certificate>();
    for (byte[] der : svid.chainDer()) {
      chain.add(factory.generateCertificate(new ByteArrayInputStream(der)));
    }
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, PASSWORD);
    store.setKeyEntry("svid", svid.key(), PASSWORD, chain.toArray(Certificate[]::new));
    var managers = KeyManagerFactory.getInstance("SunX509");
    managers.init(store, PASSWORD);
    return managers.getKeyManagers();
  }
}
