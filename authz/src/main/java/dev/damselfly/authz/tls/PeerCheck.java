package dev.damselfly.authz.tls;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.RoleTemplate.Meaning;
import dev.damselfly.authz.identity.Verdict;
import dev.damselfly.authz.identity.VerifyReason;
import dev.damselfly.authz.identity.X509SvidVerifier;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The one decision about a peer's chain: verifier, role template, expectation, with the bundles of this moment.
record PeerCheck(IdentitySource identity, RoleTemplate roles, InstantSource clock) {
  /// A peer that passed.
  record Passed(Verdict.Accepted verdict, Meaning meaning) {
    Caller caller(InetSocketAddress remote) {
      return new Caller(
          verdict.id(), meaning.role(), meaning.cluster(), meaning.name(), verdict.notAfter(), remote);
    }
  }

  Passed check(Certificate[] chain, Expected expected) throws PeerRefused {
    Verdict verdict = X509SvidVerifier.verify(encoded(chain), identity.current().bundles(), clock.instant());
    return switch (verdict) {
      case Verdict.Refused refused -> throw new PeerRefused(refused.reasons(), Optional.empty());
      case Verdict.Accepted accepted -> passed(accepted, expected);
    };
  }

  private Passed passed(Verdict.Accepted accepted, Expected expected) throws PeerRefused {
    Meaning meaning =
        roles
            .meaningOf(accepted.id())
            .orElseThrow(() -> new PeerRefused(List.of(VerifyReason.NO_ROLE), Optional.of(accepted.id())));
    if (!expected.accepts(accepted.id(), meaning)) {
      throw new PeerRefused(List.of(VerifyReason.NOT_EXPECTED), Optional.of(accepted.id()));
    }
    return new Passed(accepted, meaning);
  }

  private static List<byte[]> encoded(Certificate[] chain) throws PeerRefused {
    var bytes = new ArrayList<byte[]>();
    try {
      for (Certificate certificate : chain) {
        bytes.add(certificate.getEncoded());
      }
    } catch (CertificateEncodingException e) {
      throw new PeerRefused(List.of(VerifyReason.DER), Optional.empty());
    }
    return bytes;
  }
}
