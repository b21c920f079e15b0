package dev.damselfly.authz.tls;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.IdentitySource;
import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// Shows the SVID that is current when the handshake starts. Thread-safe.
///
/// The alias names the generation, so that chain and key of one handshake belong together even when a rotation
/// comes between the two questions. An SVID that is expired, or not valid yet, is not shown.
final class SvidKeyManager extends X509ExtendedKeyManager {
  private static final int KEPT_GENERATIONS = 8;

  private record Material(List<X509Certificate> chain, PrivateKey key) {}

  private final IdentitySource identity;
  private final InstantSource clock;

  @GuardedBy("this")
  private final Map<String, Material> byAlias = new LinkedHashMap<>();

  SvidKeyManager(IdentitySource identity, InstantSource clock) {
    this.identity = identity;
    this.clock = clock;
  }

  private synchronized @Nullable String choose(String... keyTypes) {
    IdentitySnapshot snapshot = identity.current();
    if (!snapshot.isUsableAt(clock.instant()) || !isAmong(keyTypes, snapshot.key().getAlgorithm())) {
      return null;
    }
    String alias = "svid-" + snapshot.generation();
    if (!byAlias.containsKey(alias)) {
      byAlias.put(alias, new Material(decoded(snapshot), snapshot.key()));
      if (byAlias.size() > KEPT_GENERATIONS) {
        byAlias.remove(byAlias.keySet().iterator().next());
      }
    }
    return alias;
  }

  /// Providers ask for `EC`, `EC_EC`, `RSA`; never for a type whose certificate would be signed by another.
  private static boolean isAmong(String[] keyTypes, String algorithm) {
    for (String type : keyTypes) {
      String upper = type.toUpperCase(Locale.ROOT);
      if (upper.equals(algorithm) || upper.equals(algorithm + "_" + algorithm)) {
        return true;
      }
    }
    return false;
  }

  private static List<X509Certificate> decoded(IdentitySnapshot snapshot) {
    try {
      var factory = CertificateFactory.getInstance("X.509");
      var chain = new ArrayList<X509Certificate>();
      for (byte[] der : snapshot.chainDer()) {
        chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
      }
      return List.copyOf(chain);
    } catch (CertificateException e) {
      throw new IllegalStateException("an accepted identity has an unreadable chain", e);
    }
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    Material material = material(alias);
    return material == null ? null : material.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    Material material = material(alias);
    return material == null ? null : material.key();
  }

  private synchronized @Nullable Material material(String alias) {
    return byAlias.get(alias);
  }

  @Override
  public @Nullable String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
    return choose(keyType);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
    return choose(keyType);
  }

  @Override
  public @Nullable String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
    return choose(keyType);
  }

  @Override
  public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
    return choose(keyType);
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal[] issuers) {
    return null; // chosen per handshake, never listed
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal[] issuers) {
    return null;
  }
}
