package dev.damselfly.authz.legacy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.files.NamedFile;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Certificates of an operator's own for a legacy listener that speaks TLS: what it shows, and whose certificates callers
/// must show. They say nothing about identities: a caller stays its address. Read once at the start; immutable.
///
/// ```yaml
/// tls:
///   certificate: /etc/damselfly/legacy/chain.pem      # own certificate first, then those between it and the root
///   key: /var/lib/damselfly/legacy/key.pem            # PKCS#8; 0600, in a directory of 0700
///   client-ca: /etc/damselfly/legacy/clients.pem
/// ```
public final class LegacyCertificates {
  private static final int MAX_BYTES = 64 << 10;
  private static final int MAX_CHAIN = 8;
  private static final int MAX_AUTHORITIES = 16;
  private static final int MIN_RSA_BITS = 2048;
  private static final int MIN_EC_BITS = 256;
  private static final int IP_NAME = 7;
  private static final String SERVER_PURPOSE = "1.3.6.1.5.5.7.3.1";
  private static final String ANY_PURPOSE = "2.5.29.37.0";

  private final PrivateKey key;
  private final List<X509Certificate> chain;
  private final List<X509Certificate> authorities;

  private LegacyCertificates(PrivateKey key, List<X509Certificate> chain, List<X509Certificate> authorities) {
    this.key = key;
    this.chain = List.copyOf(chain);
    this.authorities = List.copyOf(authorities);
  }

  /// Reads the section and the files that it names; absent when something is wrong. Notes problems in the reader.
  ///
  /// @param dialled the address that callers connect to: the one name that they look for in the certificate
  static Optional<LegacyCertificates> read(ConfigReader tls, InetAddress dialled) {
    var chain = file(tls, "certificate", path -> chain(NamedFile.readable(path, MAX_BYTES), dialled));
    var key = file(tls, "key", path -> chain.map(known -> key(path, known.getFirst())));
    var authorities = file(tls, "client-ca", path -> authorities(NamedFile.readable(path, MAX_BYTES)));
    return key.flatMap(it -> it).flatMap(own -> authorities.map(known -> new LegacyCertificates(own, chain.orElseThrow(), known)));
  }

  private static <T> Optional<T> file(ConfigReader section, String name, Function<Path, T> reading) {
    Optional<Path> path = section.path(name);
    if (path.isEmpty() && !section.has(name)) {
      section.problem(name, "is required");
    }
    try {
      return path.map(reading);
    } catch (InvalidValue e) {
      section.problem(name, e.rule());
      return Optional.empty();
    }
  }

  public PrivateKey key() {
    return key;
  }

  /// Own certificate first.
  public List<X509Certificate> chain() {
    return chain;
  }

  /// One of these must have issued what a caller shows.
  public List<X509Certificate> authorities() {
    return authorities;
  }

  private static List<X509Certificate> chain(byte[] pem, InetAddress dialled) {
    List<X509Certificate> chain = certificates(pem, MAX_CHAIN);
    X509Certificate own = chain.getFirst();
    try {
      for (X509Certificate each : chain) {
        each.checkValidity();
      }
      for (int i = 1; i < chain.size(); i++) {
        chain.get(i - 1).verify(chain.get(i).getPublicKey());
      }
    } catch (GeneralSecurityException e) {
      throw new InvalidValue("each certificate must be valid now and signed by the one after it");
    }
    List<String> purposes = purposes(own);
    if (own.getBasicConstraints() >= 0 || !purposes.contains(SERVER_PURPOSE) && !purposes.contains(ANY_PURPOSE)) {
      throw new InvalidValue("the first certificate must be that of a server, not of an authority or for another purpose");
    }
    if (!isStrong(own)) {
      throw new InvalidValue("the first certificate must have an RSA key of 2048 bits or more, or an EC key of 256 or more");
    }
    if (!carries(own, dialled)) {
      throw new InvalidValue(
          "the first certificate must carry " + IpLiteral.text(dialled) + ", which callers dial, as subjectAltName of type iPAddress");
    }
    return chain;
  }

  /// What a certificate without the extension is for is not said: it may be anything.
  private static List<String> purposes(X509Certificate certificate) {
    try {
      List<String> stated = certificate.getExtendedKeyUsage();
      return stated == null ? List.of(ANY_PURPOSE) : stated;
    } catch (GeneralSecurityException e) {
      return List.of();
    }
  }

  private static boolean isStrong(X509Certificate certificate) {
    return switch (certificate.getPublicKey()) {
      case RSAPublicKey rsa -> rsa.getModulus().bitLength() >= MIN_RSA_BITS;
      case ECPublicKey ec -> ec.getParams().getOrder().bitLength() >= MIN_EC_BITS;
      default -> false;
    };
  }

  private static boolean carries(X509Certificate certificate, InetAddress address) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names != null && names.stream().anyMatch(name -> name.getFirst().equals(IP_NAME) && isAddress(name.get(1), address));
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static boolean isAddress(Object name, InetAddress address) {
    try {
      return name instanceof String text && IpLiteral.parse(text).equals(address);
    } catch (InvalidValue e) {
      return false; // a network, for example
    }
  }

  private static PrivateKey key(Path path, X509Certificate own) {
    byte[] pem = NamedFile.secret(path, MAX_BYTES);
    byte[] der = Pem.parse(pem, "PRIVATE KEY", 1).getFirst();
    try {
      String algorithm = own.getPublicKey().getAlgorithm();
      PrivateKey key = KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      requirePair(key, own, algorithm.equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA");
      return key;
    } catch (GeneralSecurityException e) {
      throw new InvalidValue("the file must hold the PKCS#8 key of the first certificate");
    } finally {
      Arrays.fill(pem, (byte) 0);
      Arrays.fill(der, (byte) 0);
    }
  }

  private static void requirePair(PrivateKey key, X509Certificate own, String algorithm) throws GeneralSecurityException {
    byte[] words = "the key of this certificate".getBytes(US_ASCII);
    var signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update(words);
    byte[] signature = signer.sign();
    signer.initVerify(own.getPublicKey());
    signer.update(words);
    if (!signer.verify(signature)) {
      throw new GeneralSecurityException("another key");
    }
  }

  private static List<X509Certificate> authorities(byte[] pem) {
    List<X509Certificate> all = certificates(pem, MAX_AUTHORITIES);
    for (X509Certificate each : all) {
      try {
        each.checkValidity();
      } catch (GeneralSecurityException e) {
        throw new InvalidValue("each certificate must be valid now");
      }
      if (each.getBasicConstraints() < 0) {
        throw new InvalidValue("each certificate must be that of an authority");
      }
    }
    return all;
  }

  private static List<X509Certificate> certificates(byte[] pem, int most) {
    var all = new ArrayList<X509Certificate>();
    try {
      var factory = CertificateFactory.getInstance("X.509");
      for (byte[] der : Pem.parse(pem, "CERTIFICATE", most)) {
        all.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
      }
    } catch (GeneralSecurityException e) {
      throw new InvalidValue("each PEM block must hold an X.509 certificate");
    }
    return all;
  }

  /// Until when upstream's clients take the own certificate, as words for a log.
  public String until() {
    return "until " + chain.getFirst().getNotAfter().toInstant();
  }

  @Override
  public String toString() {
    return "LegacyCertificates[" + until() + "]";
  }
}
