package dev.damselfly.authz.testing;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;

/// What one test certificate says. Starts valid; a test changes one thing.
public final class CertificateSpec {
  KeyPair key = newKey("secp256r1");
  String subject;
  List<GeneralName> names = new ArrayList<>();
  boolean namesCritical;
  Optional<Integer> keyUsage = Optional.empty();
  boolean keyUsageCritical = true;
  List<KeyPurposeId> purposes = new ArrayList<>();
  boolean ca;
  Optional<Integer> pathLength = Optional.empty();
  Instant notBefore;
  Instant notAfter;
  String signature = "SHA256withECDSA";
  List<GeneralSubtree> permitted = new ArrayList<>();
  List<GeneralSubtree> excluded = new ArrayList<>();
  List<Extension> more = new ArrayList<>();
  boolean firstExtensionTwice;

  private CertificateSpec(String subject, Instant now) {
    this.subject = subject;
    this.notBefore = now.minus(Duration.ofMinutes(5));
    this.notAfter = now.plus(Duration.ofHours(1));
  }

  static CertificateSpec leaf(String uri, Instant now) {
    var spec = new CertificateSpec("O=Test,CN=workload", now);
    spec.uri(uri);
    spec.keyUsage = Optional.of(KeyUsage.digitalSignature);
    spec.purposes.addAll(List.of(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth));
    return spec;
  }

  static CertificateSpec signer(String subject, String uri, Instant now) {
    var spec = new CertificateSpec(subject, now);
    spec.uri(uri);
    spec.keyUsage = Optional.of(KeyUsage.keyCertSign | KeyUsage.cRLSign);
    spec.ca = true;
    spec.notBefore = now.minus(Duration.ofHours(1));
    spec.notAfter = now.plus(Duration.ofDays(3650));
    return spec;
  }

  public static KeyPair newKey(String curve) {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  public static KeyPair newRsaKey(int bits) {
    try {
      var generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  public CertificateSpec key(KeyPair pair) {
    key = pair;
    return this;
  }

  public CertificateSpec noUris() {
    names.removeIf(name -> name.getTagNo() == GeneralName.uniformResourceIdentifier);
    return this;
  }

  /// Adds a URI name beside those that are there.
  public CertificateSpec uri(String uri) {
    names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
    return this;
  }

  public CertificateSpec dns(String name) {
    names.add(new GeneralName(GeneralName.dNSName, name));
    return this;
  }

  public CertificateSpec ip(String address) {
    names.add(new GeneralName(GeneralName.iPAddress, address));
    return this;
  }

  public CertificateSpec subject(String name) {
    subject = name;
    return this;
  }

  public CertificateSpec namesCritical() {
    namesCritical = true;
    return this;
  }

  /// Bits of [KeyUsage].
  public CertificateSpec keyUsage(int bits) {
    keyUsage = Optional.of(bits);
    return this;
  }

  public CertificateSpec noKeyUsage() {
    keyUsage = Optional.empty();
    return this;
  }

  public CertificateSpec keyUsageNotCritical() {
    keyUsageCritical = false;
    return this;
  }

  public CertificateSpec purposes(KeyPurposeId... only) {
    purposes = new ArrayList<>(List.of(only));
    return this;
  }

  public CertificateSpec ca(boolean value) {
    ca = value;
    return this;
  }

  public CertificateSpec pathLength(int below) {
    pathLength = Optional.of(below);
    return this;
  }

  public CertificateSpec validity(Instant from, Instant until) {
    notBefore = from;
    notAfter = until;
    return this;
  }

  /// JCA name of the algorithm that the issuer signs with.
  public CertificateSpec signature(String algorithm) {
    signature = algorithm;
    return this;
  }

  public CertificateSpec permit(int nameType, String base) {
    permitted.add(new GeneralSubtree(new GeneralName(nameType, base)));
    return this;
  }

  public CertificateSpec exclude(int nameType, String base) {
    excluded.add(new GeneralSubtree(new GeneralName(nameType, base)));
    return this;
  }

  public CertificateSpec extension(String oid, boolean critical, byte[] value) {
    more.add(new Extension(new ASN1ObjectIdentifier(oid), critical, value));
    return this;
  }

  public CertificateSpec firstExtensionTwice() {
    firstExtensionTwice = true;
    return this;
  }
}
