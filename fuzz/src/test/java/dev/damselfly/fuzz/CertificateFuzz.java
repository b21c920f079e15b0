package dev.damselfly.fuzz;

import dev.damselfly.authz.identity.Verdict;
import dev.damselfly.authz.identity.X509SvidVerifier;
import dev.damselfly.authz.testing.CertificateSpec;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.testing.TestSvid;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.GeneralName;

/// X509-SVID chains: bytes that nobody signed are never accepted. The inputs are chains of length-prefixed certificates;
/// the only acceptable leaves are those that the test's authority, or a signer that it lets speak for its trust domain,
/// issued, byte for byte.
final class CertificateFuzz implements Target {
  private static final String PATH = "/damselfly/peer/east/host";
  private static final int URI = GeneralName.uniformResourceIdentifier;
  private static final TestCa CA = TestCa.root("example.org");
  private static final List<TestSvid> GOOD = good();
  private static final List<TestSvid> BAD = bad();
  private static final int MAX_CHAIN = 12;

  private static List<TestSvid> good() {
    var good = new ArrayList<TestSvid>();
    for (int i = 0; i < 30; i++) {
      good.add(CA.svid("/damselfly/peer/east/host-" + i));
    }
    good.add(below(spec -> spec));
    good.add(below(spec -> spec.permit(URI, "example.org").exclude(URI, "other.org")));
    good.add(below(spec -> spec.permit(URI, ".org")));
    good.add(below(spec -> spec.noUris().uri("spiffe://example.org")));
    good.add(CA.intermediate(spec -> spec).intermediate(spec -> spec).svid(PATH));
    return List.copyOf(good);
  }

  private static List<TestSvid> bad() {
    return List.of(
        below(spec -> spec.permit(URI, "other.org")),
        below(spec -> spec.exclude(URI, ".org")),
        below(spec -> spec.permit(URI, "")),
        below(spec -> spec.noUris().uri("spiffe://other.org")),
        below(spec -> spec.noUris().uri("spiffe://example.org/a")),
        below(spec -> spec.ca(false)),
        CA.intermediate(spec -> spec.pathLength(0)).intermediate(spec -> spec).svid(PATH),
        CA.svid(PATH, CertificateSpec::firstExtensionTwice),
        CA.svid(PATH, CertificateSpec::noKeyUsage),
        CA.svid(PATH, CertificateSpec::noUris),
        CA.svid(PATH, spec -> spec.noUris().uri("https://example.org/a")),
        CA.svid(PATH, spec -> spec.validity(Instant.EPOCH, Instant.EPOCH.plusSeconds(1))),
        TestCa.root("other.org").svid(PATH));
  }

  private static TestSvid below(UnaryOperator<CertificateSpec> signer) {
    return CA.intermediate(signer).svid(PATH);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new CertificateFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    List<byte[]> chain = chain(input);
    switch (X509SvidVerifier.verify(chain, CA.bundles(), Instant.now())) {
      case Verdict.Accepted accepted -> {
        Accepted.yes();
        if (GOOD.stream().noneMatch(good -> Arrays.equals(good.leafDer(), chain.getFirst()))) {
          throw new AssertionError("accepted a leaf that was never issued, or by one who may not: " + accepted.id());
        }
      }
      case Verdict.Refused refused -> {
        Accepted.no();
        if (refused.reasons().isEmpty()) {
          throw new AssertionError("refused without a reason");
        }
      }
    }
  }

  private static List<byte[]> chain(byte[] input) {
    var in = ByteBuffer.wrap(input);
    var chain = new ArrayList<byte[]>();
    while (in.remaining() >= 2 && chain.size() < MAX_CHAIN) {
      byte[] one = new byte[Math.min(in.getShort() & 0xffff, in.remaining())];
      in.get(one);
      chain.add(one);
    }
    return chain;
  }

  @Override
  public String name() {
    return "x509-svid";
  }

  @Override
  public String oracle() {
    return "only leaves that the authority or a signer it allows issued, byte for byte, are accepted; a refusal has a reason";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(X509SvidVerifier.class);
  }

  @Override
  public List<byte[]> seeds() {
    return Stream.concat(GOOD.stream(), BAD.stream()).map(svid -> input(svid.chainDer())).toList();
  }

  private static byte[] input(List<byte[]> chain) {
    var out = ByteBuffer.allocate(chain.stream().mapToInt(der -> 2 + der.length).sum());
    chain.forEach(der -> out.putShort((short) der.length).put(der));
    return out.array();
  }
}
