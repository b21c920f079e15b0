package dev.damselfly.conformance.link;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A certificate authority of one run, its key in memory only. Issues X509-SVIDs to the actors of the suite and, through
/// [WorkloadSockets], to the program under test. Thread-safe.
public final class Ca {
  private static final Duration LIFE = Duration.ofHours(12);
  private static final Duration BACK_DATED = Duration.ofMinutes(1);
  private static final X500Name NAME = new X500Name("O=dfconf");

  private final SecureRandom random = new SecureRandom();
  private final KeyPair keys = newKeys();
  private final X509Certificate certificate;

  public Ca(String trustDomain) {
    var builder = builder(keys, Instant.now().minus(BACK_DATED), Instant.now().plus(LIFE));
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(Extension.subjectAlternativeName, false, uri("spiffe://" + trustDomain));
      this.certificate = sign(builder);
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("every JDK makes P-256 certificates", e);
    }
  }

  public X509Certificate certificate() {
    return certificate;
  }

  /// A fresh key and certificate for an identity.
  public Identity issue(String spiffeId) {
    return issue(spiffeId, Instant.now().minus(BACK_DATED), Instant.now().plus(LIFE));
  }

  /// An identity whose time is over.
  public Identity issueExpired(String spiffeId) {
    return issue(spiffeId, Instant.now().minus(Duration.ofHours(2)), Instant.now().minus(Duration.ofHours(1)));
  }

  private Identity issue(String spiffeId, Instant from, Instant until) {
    KeyPair pair = newKeys();
    var builder = builder(pair, from, until);
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(Extension.subjectAlternativeName, false, uri(spiffeId));
      return new Identity(spiffeId, pair.getPrivate(), sign(builder), certificate);
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("every JDK makes P-256 certificates", e);
    }
  }

  private X509v3CertificateBuilder builder(KeyPair subject, Instant from, Instant until) {
    return new JcaX509v3CertificateBuilder(
        NAME, new BigInteger(127, random).add(BigInteger.ONE), Date.from(from), Date.from(until), NAME, subject.getPublic());
  }

  private static GeneralNames uri(String text) {
    return new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, text));
  }

  private X509Certificate sign(X509v3CertificateBuilder builder)
      throws OperatorCreationException, IOException, GeneralSecurityException {
    byte[] der = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())).getEncoded();
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new java.io.ByteArrayInputStream(der));
  }

  private static KeyPair newKeys() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has P-256", e);
    }
  }
}
