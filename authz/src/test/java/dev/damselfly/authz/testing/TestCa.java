package dev.damselfly.authz.testing;

import dev.damselfly.authz.identity.BundleSet;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.TrustDomain;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.jspecify.annotations.Nullable;

/// A certificate authority for tests: valid SVIDs by default, any deviation on request.
///
/// ```
/// var ca = TestCa.root("td.test");
/// var identity = new FixedIdentity(ca.snapshot("/damselfly/peer/c1/host-1"));
/// ```
public final class TestCa {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String domain;
  private final InstantSource clock;
  private final PrivateKey key;
  private final String subject;
  private final List<byte[]> chain;
  private final TestCa root;

  private TestCa(String domain, InstantSource clock, CertificateSpec own, @Nullable TestCa issuer) {
    this.domain = domain;
    this.clock = clock;
    this.key = own.key.getPrivate();
    this.subject = own.subject;
    this.root = issuer == null ? this : issuer.root;
    this.chain = new ArrayList<>();
    chain.add(issuer == null ? sign(own, own.subject, key) : sign(own, issuer.subject, issuer.key));
    if (issuer != null && issuer.root != issuer) {
      chain.addAll(issuer.chain);
    }
  }

  /// A root whose certificates are valid now.
  public static TestCa root(String domain) {
    return root(domain, InstantSource.system());
  }

  public static TestCa root(String domain, InstantSource clock) {
    return root(domain, clock, spec -> spec);
  }

  public static TestCa root(String domain, InstantSource clock, UnaryOperator<CertificateSpec> change) {
    String name = "O=" + domain + ",CN=root " + BigInteger.valueOf(RANDOM.nextLong() >>> 1);
    return new TestCa(
        domain, clock, change.apply(CertificateSpec.signer(name, "spiffe://" + domain, clock.instant())), null);
  }

  public TestCa intermediate(UnaryOperator<CertificateSpec> change) {
    String name = "O=" + domain + ",CN=intermediate " + BigInteger.valueOf(RANDOM.nextLong() >>> 1);
    return new TestCa(
        domain, clock, change.apply(CertificateSpec.signer(name, "spiffe://" + domain, clock.instant())), this);
  }

  /// A valid SVID for a path of this trust domain, such as `/damselfly/peer/c1/host-1`.
  public TestSvid svid(String path) {
    return svid(path, spec -> spec);
  }

  public TestSvid svid(String path, UnaryOperator<CertificateSpec> change) {
    return svidOf("spiffe://" + domain + path, change);
  }

  /// For ids that are not of this trust domain, or no ids at all.
  public TestSvid svidOf(String uri, UnaryOperator<CertificateSpec> change) {
    CertificateSpec spec = change.apply(CertificateSpec.leaf(uri, clock.instant()));
    var certificates = new ArrayList<byte[]>();
    certificates.add(sign(spec, subject, key));
    if (root != this) {
      certificates.addAll(chain);
    }
    return new TestSvid(
        uri, List.copyOf(certificates), spec.key.getPrivate(), seconds(spec.notBefore), seconds(spec.notAfter));
  }

  /// A process of this trust domain that trusts this domain only; generation 1.
  public IdentitySnapshot snapshot(String path) {
    return svid(path).snapshot(bundles(), 1);
  }

  /// This domain with its root as the only authority.
  public BundleSet bundles() {
    return new BundleSet(Map.of(trustDomain(), List.of(root.der())));
  }

  public TrustDomain trustDomain() {
    return new TrustDomain(domain);
  }

  /// Own certificate.
  public byte[] der() {
    return chain.getFirst();
  }

  private static Instant seconds(Instant instant) {
    return Instant.ofEpochSecond(instant.getEpochSecond());
  }

  private static byte[] sign(CertificateSpec spec, String issuer, PrivateKey issuerKey) {
    try {
      AlgorithmIdentifier algorithm = new DefaultSignatureAlgorithmIdentifierFinder().find(spec.signature);
      ASN1Sequence tbs = body(spec, issuer, algorithm);
      var signer = Signature.getInstance(spec.signature);
      signer.initSign(issuerKey);
      signer.update(tbs.getEncoded(ASN1Encoding.DER));
      return new DERSequence(new ASN1Encodable[] {tbs, algorithm, new DERBitString(signer.sign())})
          .getEncoded(ASN1Encoding.DER);
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static ASN1Sequence body(CertificateSpec spec, String issuer, AlgorithmIdentifier algorithm) throws IOException {
    var generator = new V3TBSCertificateGenerator();
    generator.setSerialNumber(new ASN1Integer(new BigInteger(120, RANDOM).add(BigInteger.ONE)));
    generator.setSignature(algorithm);
    generator.setIssuer(new X500Name(issuer));
    generator.setSubject(new X500Name(spec.subject));
    generator.setStartDate(new Time(Date.from(spec.notBefore)));
    generator.setEndDate(new Time(Date.from(spec.notAfter)));
    generator.setSubjectPublicKeyInfo(SubjectPublicKeyInfo.getInstance(spec.key.getPublic().getEncoded()));
    ExtensionsGenerator extensions = extensions(spec);
    if (!extensions.isEmpty()) {
      generator.setExtensions(extensions.generate());
    }
    ASN1Sequence tbs = ASN1Sequence.getInstance(generator.generateTBSCertificate().toASN1Primitive());
    return spec.firstExtensionTwice ? withFirstExtensionTwice(tbs) : tbs;
  }

  private static ExtensionsGenerator extensions(CertificateSpec spec) throws IOException {
    var extensions = new ExtensionsGenerator();
    if (!spec.names.isEmpty()) {
      extensions.addExtension(
          Extension.subjectAlternativeName,
          spec.namesCritical,
          new GeneralNames(spec.names.toArray(GeneralName[]::new)));
    }
    if (spec.keyUsage.isPresent()) {
      extensions.addExtension(Extension.keyUsage, spec.keyUsageCritical, new KeyUsage(spec.keyUsage.get()));
    }
    if (!spec.purposes.isEmpty()) {
      extensions.addExtension(
          Extension.extendedKeyUsage, false, new ExtendedKeyUsage(spec.purposes.toArray(KeyPurposeId[]::new)));
    }
    if (spec.ca) {
      var constraints =
          spec.pathLength.isPresent() ? new BasicConstraints(spec.pathLength.get()) : new BasicConstraints(true);
      extensions.addExtension(Extension.basicConstraints, true, constraints);
    }
    if (!spec.permitted.isEmpty() || !spec.excluded.isEmpty()) {
      extensions.addExtension(Extension.nameConstraints, true, new NameConstraints(trees(spec.permitted), trees(spec.excluded)));
    }
    for (Extension extension : spec.more) {
      extensions.addExtension(extension);
    }
    return extensions;
  }

  private static GeneralSubtree @Nullable [] trees(List<GeneralSubtree> trees) {
    return trees.isEmpty() ? null : trees.toArray(GeneralSubtree[]::new);
  }

  private static ASN1Sequence withFirstExtensionTwice(ASN1Sequence tbs) {
    var parts = new ASN1EncodableVector();
    for (ASN1Encodable part : tbs) {
      boolean extensions = part instanceof ASN1TaggedObject tagged && tagged.getTagNo() == 3;
      parts.add(extensions ? new DERTaggedObject(true, 3, repeated((ASN1TaggedObject) part)) : part);
    }
    return new DERSequence(parts);
  }

  private static ASN1Sequence repeated(ASN1TaggedObject extensions) {
    var list = new ASN1EncodableVector();
    ASN1Sequence all = ASN1Sequence.getInstance(extensions, true);
    all.forEach(list::add);
    list.add(all.getObjectAt(0));
    return new DERSequence(list);
  }
}
