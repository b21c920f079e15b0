package dev.damselfly.dist.issuer;

import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A certificate authority for one trust domain, its key in memory only: it ends with the process.
/// SVIDs are P-256 with one URI name (X509-SVID 2, 4). Thread-safe.
final class DevelopmentCa {
  private static final Duration CA_LIFE = Duration.ofDays(30);
  private static final Duration BACK_DATED = Duration.ofSeconds(10);
  private static final X500Name CA_NAME = new X500Name("O=Damselfly development issuer");

  /// One SVID with its key.
  record Svid(SpiffeId id, byte[] certificateDer, PrivateKey key, Instant notAfter) {
    @Override
    public String toString() {
      return "Svid[" + id + "]"; // the key has no printable form
    }
  }

  private final SecureRandom random = new SecureRandom();
  private final InstantSource clock;
  private final KeyPair keys;
  private final byte[] certificateDer;

  DevelopmentCa(TrustDomain domain, InstantSource clock) {
    this.clock = clock;
    this.keys = newKeys();
    Instant now = clock.instant();
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              CA_NAME, serial(), Date.from(now.minus(BACK_DATED)), Date.from(now.plus(CA_LIFE)), CA_NAME, keys.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, "spiffe://" + domain)));
      this.certificateDer = sign(builder);
    } catch (CertIOException e) {
      throw new IllegalStateException("the extensions of the authority are fixed", e);
    }
  }

  byte[] certificateDer() {
    return certificateDer.clone();
  }

  /// A fresh key and certificate, valid from now for `life`.
  Svid issue(SpiffeId id, Duration life) {
    Instant now = clock.instant();
    Instant notAfter = now.plus(life);
    KeyPair pair = newKeys();
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              CA_NAME, serial(), Date.from(now.minus(BACK_DATED)), Date.from(notAfter),
              new X500Name("O=Damselfly development"), pair.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, id.toString())));
      return new Svid(id, sign(builder), pair.getPrivate(), notAfter);
    } catch (CertIOException e) {
      throw new IllegalStateException("the extensions of an SVID are fixed", e);
    }
  }

  private byte[] sign(X509v3CertificateBuilder builder) {
    try {
      return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())).getEncoded();
    } catch (OperatorCreationException | java.io.IOException e) {
      throw new IllegalStateException("every JDK signs with ECDSA", e);
    }
  }

  private BigInteger serial() {
    return new BigInteger(127, random).add(BigInteger.ONE);
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
