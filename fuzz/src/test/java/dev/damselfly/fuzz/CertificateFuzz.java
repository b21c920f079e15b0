package dev.damselfly.fuzz;

import dev.damselfly.authz.identity.Verdict;
import dev.damselfly.authz.identity.X509SvidVerifier;
import dev.damselfly.authz.testing.TestCa;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// X509-SVID chains: bytes that nobody signed are never accepted. The inputs are chains of length-prefixed certificates;
/// the only acceptable leaves are those that the test's authority issued, byte for byte.
final class CertificateFuzz implements Target {
  private static final TestCa CA = TestCa.root("example.org");
  private static final List<byte[]> ISSUED = new ArrayList<>();
  private static final int MAX_CHAIN = 12;

  static {
    for (int i = 0; i < 30; i++) {
      ISSUED.add(CA.svid("/damselfly/peer/east/host-" + i).leafDer());
    }
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
        if (ISSUED.stream().noneMatch(issued -> Arrays.equals(issued, chain.getFirst()))) {
          throw new AssertionError("accepted a leaf that was never issued: " + accepted.id());
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
    return "only leaves that the authority issued, byte for byte, are accepted; a refusal has a reason";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(X509SvidVerifier.class);
  }

  @Override
  public List<byte[]> seeds() {
    return ISSUED.stream().map(der -> ByteBuffer.allocate(2 + der.length).putShort((short) der.length).put(der).array()).toList();
  }
}
