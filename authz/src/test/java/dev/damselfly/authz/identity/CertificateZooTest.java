package dev.damselfly.authz.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.testing.CertificateSpec;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.testing.TestSvid;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each rule of X509-SVID violated alone, with its reason; each form that must be accepted.
@NullMarked
@Threat({"S-VTX-1", "F-15"})
class CertificateZooTest {
  private static final String DOMAIN = "zoo.test";
  private static final String PATH = "/damselfly/peer/c1/host-1";
  private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  private static final ManualClock CLOCK = new ManualClock(NOW);
  private static final TestCa ROOT = TestCa.root(DOMAIN, CLOCK);
  private static final TestCa MIDDLE = ROOT.intermediate(spec -> spec);

  private static Verdict verify(TestSvid svid, BundleSet bundles) {
    return X509SvidVerifier.verify(svid.chainDer(), bundles, NOW);
  }

  private static Arguments leaf(VerifyReason reason, String what, UnaryOperator<CertificateSpec> change) {
    return Arguments.of(reason, what, change);
  }

  static Stream<Arguments> brokenLeaves() {
    return Stream.of(
        leaf(
            VerifyReason.URI_SAN_COUNT,
            "id in the common name",
            spec -> spec.noUris().dns("zoo.test").subject("CN=spiffe://zoo.test" + PATH)),
        leaf(VerifyReason.URI_SAN_COUNT, "no URI", spec -> spec.noUris().dns("host-1.zoo.test")),
        leaf(VerifyReason.URI_SAN_COUNT, "two URIs", spec -> spec.uri("spiffe://zoo.test/other")),
        leaf(VerifyReason.URI_SAN_COUNT, "the same URI twice", spec -> spec.uri("spiffe://zoo.test" + PATH)),
        leaf(VerifyReason.ID_SYNTAX, "other scheme", spec -> spec.noUris().uri("https://zoo.test" + PATH)),
        leaf(VerifyReason.ID_SYNTAX, "upper-case scheme", spec -> spec.noUris().uri("SPIFFE://zoo.test" + PATH)),
        leaf(VerifyReason.ID_SYNTAX, "upper-case domain", spec -> spec.noUris().uri("spiffe://ZOO.test" + PATH)),
        leaf(VerifyReason.ID_SYNTAX, "dot segments", spec -> spec.noUris().uri("spiffe://zoo.test/a/../b")),
        leaf(VerifyReason.ID_SYNTAX, "trailing slash", spec -> spec.noUris().uri("spiffe://zoo.test/a/")),
        leaf(VerifyReason.ID_SYNTAX, "percent escape", spec -> spec.noUris().uri("spiffe://zoo.test/%61")),
        leaf(VerifyReason.ROOT_PATH, "id of the domain", spec -> spec.noUris().uri("spiffe://zoo.test")),
        leaf(VerifyReason.LEAF_IS_CA, "cA", spec -> spec.ca(true)),
        leaf(VerifyReason.LEAF_SIGNS, "keyCertSign", spec -> spec.keyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign)),
        leaf(VerifyReason.LEAF_SIGNS, "cRLSign", spec -> spec.keyUsage(KeyUsage.digitalSignature | KeyUsage.cRLSign)),
        leaf(VerifyReason.KEY_USAGE, "no key usage", CertificateSpec::noKeyUsage),
        leaf(VerifyReason.KEY_USAGE, "key usage not critical", CertificateSpec::keyUsageNotCritical),
        leaf(VerifyReason.NO_DIGITAL_SIGNATURE, "no signature", spec -> spec.keyUsage(KeyUsage.keyAgreement)),
        leaf(VerifyReason.EXTENDED_KEY_USAGE, "server only", spec -> spec.purposes(KeyPurposeId.id_kp_serverAuth)),
        leaf(VerifyReason.EXTENDED_KEY_USAGE, "client only", spec -> spec.purposes(KeyPurposeId.id_kp_clientAuth)),
        leaf(VerifyReason.EXTENDED_KEY_USAGE, "any", spec -> spec.purposes(KeyPurposeId.anyExtendedKeyUsage)),
        leaf(VerifyReason.SAN_NOT_CRITICAL, "empty subject", spec -> spec.subject("")),
        leaf(VerifyReason.TIME, "expired", spec -> spec.validity(NOW.minusSeconds(60), NOW.minusSeconds(1))),
        leaf(VerifyReason.TIME, "not yet valid", spec -> spec.validity(NOW.plusSeconds(1), NOW.plusSeconds(60))),
        leaf(VerifyReason.WEAK_KEY, "RSA 1024", spec -> spec.key(CertificateSpec.newRsaKey(1024))),
        leaf(VerifyReason.WEAK_KEY, "Ed25519", spec -> spec.key(ed25519())),
        leaf(VerifyReason.DUPLICATE_EXTENSION, "names twice", CertificateSpec::firstExtensionTwice),
        leaf(
            VerifyReason.CRITICAL_EXTENSION,
            "unknown critical",
            spec -> spec.extension("1.3.6.1.4.1.99999.1", true, new byte[] {5, 0})),
        leaf(
            VerifyReason.CRITICAL_EXTENSION,
            "critical policies, which the JDK knows and we do not",
            spec -> spec.extension("2.5.29.32", true, HexFormat.of().parseHex("300830060604551d2000"))));
  }

  @ParameterizedTest
  @MethodSource("brokenLeaves")
  @Threat("F-42")
  void leaf_isRefusedForExactlyTheRuleItBreaks(
      VerifyReason reason, String what, UnaryOperator<CertificateSpec> change) {
    assertThat(verify(ROOT.svid(PATH), ROOT.bundles())).isInstanceOf(Verdict.Accepted.class); // positive control

    Verdict verdict = verify(ROOT.svid(PATH, change), ROOT.bundles());

    assertThat(verdict).as(what).isInstanceOf(Verdict.Refused.class);
    assertThat(((Verdict.Refused) verdict).reasons()).as(what).first().isEqualTo(reason);
    assertThat(((Verdict.Refused) verdict).reasons()).as(what).isSubsetOf(reason, VerifyReason.PATH);
  }

  static Stream<Arguments> brokenSigners() {
    return Stream.of(
        leaf(VerifyReason.SIGNER_PROFILE, "no cA", spec -> spec.ca(false)),
        leaf(VerifyReason.SIGNER_PROFILE, "no keyCertSign", spec -> spec.keyUsage(KeyUsage.cRLSign)),
        leaf(VerifyReason.SIGNER_PROFILE, "no key usage", CertificateSpec::noKeyUsage),
        leaf(VerifyReason.SIGNER_PROFILE, "key usage not critical", CertificateSpec::keyUsageNotCritical),
        leaf(VerifyReason.SIGNER_ID, "id with path", spec -> spec.noUris().uri("spiffe://zoo.test/ca")),
        leaf(VerifyReason.SIGNER_ID, "two ids", spec -> spec.uri("spiffe://zoo.test")),
        leaf(VerifyReason.SIGNER_ID, "no SPIFFE ID", spec -> spec.noUris().uri("https://zoo.test")),
        leaf(VerifyReason.SIGNER_DOMAIN, "other domain", spec -> spec.noUris().uri("spiffe://else.test")),
        leaf(VerifyReason.TIME, "expired", spec -> spec.validity(NOW.minusSeconds(60), NOW.minusSeconds(1))),
        leaf(VerifyReason.TIME, "not yet valid", spec -> spec.validity(NOW.plusSeconds(1), NOW.plusSeconds(60))),
        leaf(VerifyReason.WEAK_KEY, "RSA 1024", spec -> spec.key(CertificateSpec.newRsaKey(1024)).signature("SHA256withECDSA")),
        leaf(
            VerifyReason.NAME_CONSTRAINTS,
            "permits another domain",
            spec -> spec.permit(GeneralName.uniformResourceIdentifier, "else.test")),
        leaf(
            VerifyReason.NAME_CONSTRAINTS,
            "permits only names below",
            spec -> spec.permit(GeneralName.uniformResourceIdentifier, ".zoo.test")),
        leaf(
            VerifyReason.NAME_CONSTRAINTS,
            "excludes the domain",
            spec -> spec.exclude(GeneralName.uniformResourceIdentifier, "zoo.test")),
        leaf(
            VerifyReason.NAME_CONSTRAINTS,
            "cannot be read",
            spec -> spec.extension("2.5.29.30", true, new byte[] {0x30, 2, 5, 0})),
        leaf(
            VerifyReason.CRITICAL_EXTENSION,
            "unknown critical",
            spec -> spec.extension("1.3.6.1.4.1.99999.1", true, new byte[] {5, 0})));
  }

  @ParameterizedTest
  @MethodSource("brokenSigners")
  void intermediate_isRefusedForExactlyTheRuleItBreaks(
      VerifyReason reason, String what, UnaryOperator<CertificateSpec> change) {
    TestSvid svid = signedBy(reason, change);

    Verdict verdict = verify(svid, ROOT.bundles());

    assertThat(verdict).as(what).isInstanceOf(Verdict.Refused.class);
    assertThat(((Verdict.Refused) verdict).reasons()).as(what).contains(reason).isSubsetOf(reason, VerifyReason.PATH);
  }

  private static TestSvid signedBy(VerifyReason reason, UnaryOperator<CertificateSpec> change) {
    UnaryOperator<CertificateSpec> signature =
        spec -> reason == VerifyReason.WEAK_KEY ? spec.signature("SHA256withRSA") : spec;
    return ROOT.intermediate(change).svid(PATH, signature);
  }

  static Stream<Arguments> acceptedChains() {
    return Stream.of(
        Arguments.of("plain", ROOT.svid(PATH)),
        Arguments.of("via an intermediate", MIDDLE.svid(PATH)),
        Arguments.of("via three intermediates", MIDDLE.intermediate(s -> s).intermediate(s -> s).svid(PATH)),
        Arguments.of("with a DNS name", ROOT.svid(PATH, spec -> spec.dns("host-1.zoo.test"))),
        Arguments.of("empty subject, critical names", ROOT.svid(PATH, spec -> spec.subject("").namesCritical())),
        Arguments.of("without extended key usage", ROOT.svid(PATH, spec -> spec.purposes())),
        Arguments.of("RSA 2048", ROOT.svid(PATH, spec -> spec.key(CertificateSpec.newRsaKey(2048)))),
        Arguments.of("P-384", ROOT.svid(PATH, spec -> spec.key(CertificateSpec.newKey("secp384r1")))),
        Arguments.of("unknown extension", ROOT.svid(PATH, spec -> spec.extension("1.3.6.1.4.1.99999.1", false, new byte[] {5, 0}))),
        Arguments.of(
            "constrained to its own domain",
            ROOT.intermediate(spec -> spec.permit(GeneralName.uniformResourceIdentifier, DOMAIN).pathLength(0)).svid(PATH)),
        Arguments.of("authority sent along", withAuthority(MIDDLE.svid(PATH))));
  }

  private static TestSvid withAuthority(TestSvid svid) {
    var chain = new ArrayList<>(svid.chainDer());
    chain.add(ROOT.der());
    return svid.withChain(chain);
  }

  @ParameterizedTest
  @MethodSource("acceptedChains")
  void chain_isAccepted(String what, TestSvid svid) {
    Verdict verdict = verify(svid, ROOT.bundles());

    assertThat(verdict)
        .as(what)
        .isEqualTo(new Verdict.Accepted(SpiffeId.parse(svid.id()), svid.notAfter(), BundleSet.fingerprint(ROOT.der())));
  }

  @Test
  void federatedDomain_isAcceptedWithItsOwnBundleOnly() {
    TestCa other = TestCa.root("other.test", CLOCK);
    TestSvid foreign = other.svid("/workload");
    var both = new BundleSet(Map.of(ROOT.trustDomain(), List.of(ROOT.der()), other.trustDomain(), List.of(other.der())));
    var swapped = new BundleSet(Map.of(ROOT.trustDomain(), List.of(other.der()), other.trustDomain(), List.of(ROOT.der())));

    assertThat(verify(foreign, both)).isInstanceOf(Verdict.Accepted.class);
    assertThat(verify(foreign, ROOT.bundles())).isEqualTo(refused(VerifyReason.NO_BUNDLE));
    assertThat(verify(foreign, swapped)).isEqualTo(refused(VerifyReason.PATH));
  }

  @Test
  void foreignId_signedByOurAuthority_isRefused() {
    TestCa other = TestCa.root("other.test", CLOCK);
    TestSvid forged = ROOT.svidOf("spiffe://other.test/workload", spec -> spec);
    var both = new BundleSet(Map.of(ROOT.trustDomain(), List.of(ROOT.der()), other.trustDomain(), List.of(other.der())));

    assertThat(verify(forged, both)).isEqualTo(refused(VerifyReason.PATH));
    assertThat(verify(forged, ROOT.bundles())).isEqualTo(refused(VerifyReason.NO_BUNDLE));
  }

  @Test
  void unknownAuthority_isRefused_evenWithTheSameName() {
    TestCa twin = TestCa.root(DOMAIN, CLOCK, spec -> spec.subject("O=twin"));
    TestCa impostor = TestCa.root(DOMAIN, CLOCK, spec -> spec.subject("O=twin"));

    assertThat(verify(impostor.svid(PATH), twin.bundles())).isEqualTo(refused(VerifyReason.PATH));
    assertThat(verify(impostor.svid(PATH), ROOT.bundles())).isEqualTo(refused(VerifyReason.PATH));
  }

  @Test
  void rotatedAuthority_withTheSameName_isFoundAmongSeveral() {
    TestCa old = TestCa.root(DOMAIN, CLOCK, spec -> spec.subject("O=same"));
    TestCa next = TestCa.root(DOMAIN, CLOCK, spec -> spec.subject("O=same"));
    var bundles = new BundleSet(Map.of(next.trustDomain(), List.of(old.der(), next.der())));

    Verdict verdict = verify(next.svid(PATH), bundles);

    assertThat(verdict).isInstanceOf(Verdict.Accepted.class);
    assertThat(((Verdict.Accepted) verdict).authority()).isEqualTo(BundleSet.fingerprint(next.der()));
  }

  @Test
  void constraintsOfTheAuthority_apply() {
    TestCa foreign =
        TestCa.root(DOMAIN, CLOCK, spec -> spec.permit(GeneralName.uniformResourceIdentifier, "else.test"));
    TestCa shallow = TestCa.root(DOMAIN, CLOCK, spec -> spec.pathLength(0));
    TestCa late = TestCa.root(DOMAIN, CLOCK, spec -> spec.validity(NOW.minusSeconds(9), NOW.minusSeconds(1)));
    TestCa noSigner = TestCa.root(DOMAIN, CLOCK, spec -> spec.keyUsage(KeyUsage.digitalSignature));

    assertThat(verify(foreign.svid(PATH), foreign.bundles())).isEqualTo(refused(VerifyReason.NAME_CONSTRAINTS));
    assertThat(verify(shallow.svid(PATH), shallow.bundles())).isInstanceOf(Verdict.Accepted.class);
    assertThat(verify(shallow.intermediate(s -> s).svid(PATH), shallow.bundles()))
        .isEqualTo(refused(VerifyReason.PATH_LENGTH));
    assertThat(verify(late.svid(PATH), late.bundles())).isEqualTo(refused(VerifyReason.TIME));
    assertThat(verify(noSigner.svid(PATH), noSigner.bundles())).isEqualTo(refused(VerifyReason.SIGNER_PROFILE));
  }

  @Test
  void intermediateAsBundleEntry_anchorsWithItsConstraints() {
    TestCa narrow = ROOT.intermediate(spec -> spec.pathLength(0).noUris().uri("spiffe://upstream.test"));
    var bundles = new BundleSet(Map.of(ROOT.trustDomain(), List.of(narrow.der())));
    TestCa dns = ROOT.intermediate(spec -> spec.permit(GeneralName.dNSName, "zoo.test"));
    var unenforceable = new BundleSet(Map.of(ROOT.trustDomain(), List.of(dns.der())));

    assertThat(verify(narrow.svid(PATH), bundles)).isInstanceOf(Verdict.Accepted.class);
    assertThat(verify(narrow.intermediate(s -> s).svid(PATH), bundles)).isEqualTo(refused(VerifyReason.PATH_LENGTH));
    assertThat(verify(dns.svid(PATH), unenforceable)).isEqualTo(refused(VerifyReason.NAME_CONSTRAINTS));
  }

  @Test
  void signingCertificate_isNeverAnIdentity() {
    TestSvid middle = MIDDLE.svid(PATH).withChain(List.of(MIDDLE.der()));

    Verdict verdict = verify(middle, ROOT.bundles());

    assertThat(((Verdict.Refused) verdict).reasons())
        .contains(VerifyReason.ROOT_PATH, VerifyReason.LEAF_IS_CA, VerifyReason.LEAF_SIGNS);
  }

  @Test
  void notAfter_isTheFirstEndOnThePath() {
    Instant soon = NOW.plus(Duration.ofMinutes(7));
    TestCa shortLived = ROOT.intermediate(spec -> spec.validity(NOW.minusSeconds(60), soon));

    Verdict verdict = verify(shortLived.svid(PATH), ROOT.bundles());

    assertThat(((Verdict.Accepted) verdict).notAfter()).isEqualTo(soon);
  }

  @Test
  @Threat("B-37")
  void limits_areCheckedBeforeAnythingIsParsed() {
    byte[] leaf = ROOT.svid(PATH).leafDer();

    assertThat(X509SvidVerifier.verify(List.of(), ROOT.bundles(), NOW)).isEqualTo(refused(VerifyReason.LIMIT));
    assertThat(X509SvidVerifier.verify(List.of(leaf, leaf, leaf, leaf, leaf, leaf), ROOT.bundles(), NOW))
        .isEqualTo(refused(VerifyReason.LIMIT));
    assertThat(X509SvidVerifier.verify(List.of(leaf, new byte[64 * 1024]), ROOT.bundles(), NOW))
        .isEqualTo(refused(VerifyReason.LIMIT));
  }

  @Test
  void bytesAroundTheCertificate_areRefused() {
    byte[] leaf = ROOT.svid(PATH).leafDer();
    byte[] trailing = Arrays.copyOf(leaf, leaf.length + 1);
    byte[] cut = Arrays.copyOf(leaf, leaf.length - 1);

    for (byte[] der : List.of(trailing, cut, new byte[0], new byte[] {0x30, (byte) 0x80, 0, 0})) {
      assertThat(X509SvidVerifier.verify(List.of(der), ROOT.bundles(), NOW)).isEqualTo(refused(VerifyReason.DER));
    }
  }

  @Test
  void everyChangedByte_isRefused() {
    TestSvid svid = MIDDLE.svid(PATH);
    byte[] leaf = svid.leafDer();

    for (int at = 0; at < leaf.length; at++) {
      byte[] changed = leaf.clone();
      changed[at] ^= 1;
      Verdict verdict = X509SvidVerifier.verify(List.of(changed, MIDDLE.der()), ROOT.bundles(), NOW);
      assertThat(verdict).as("byte %d", at).isInstanceOf(Verdict.Refused.class);
    }
  }

  private static Verdict refused(VerifyReason... reasons) {
    return new Verdict.Refused(List.of(reasons));
  }

  private static KeyPair ed25519() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
