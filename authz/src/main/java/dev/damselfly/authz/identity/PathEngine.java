package dev.damselfly.authz.identity;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// RFC 5280 path validation by the JDK, for one path and one authority.
///
/// The engine applies the constraints of certificates on the path only, never those of its anchor. So a self-issued
/// authority becomes the last certificate of the path, anchored in its own name and key: its signature, time, path
/// length and name constraints are then checked like those of an intermediate.
final class PathEngine {
  private PathEngine() {}

  /// Absent when the path is valid.
  static Optional<VerifyReason> check(List<CertificateView> path, CertificateView authority, Instant now) {
    try {
      var factory = CertificateFactory.getInstance("X.509");
      var certificates = new ArrayList<X509Certificate>();
      for (CertificateView view : path) {
        certificates.add(decode(factory, view));
      }
      X509Certificate anchor = decode(factory, authority);
      if (authority.isSelfIssued()) {
        certificates.add(anchor);
      }
      var anchorByName = new TrustAnchor(anchor.getSubjectX500Principal(), anchor.getPublicKey(), null);
      var parameters = new PKIXParameters(Set.of(anchorByName));
      parameters.setRevocationEnabled(false); // short lifetimes and bundle rotation are the revocation
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(certificates), parameters);
      return Optional.empty();
    } catch (CertPathValidatorException e) {
      return Optional.of(reason(e.getReason()));
    } catch (GeneralSecurityException | RuntimeException e) {
      return Optional.of(VerifyReason.PATH); // the engine's own parser may fail in any way on hostile bytes
    }
  }

  private static VerifyReason reason(CertPathValidatorException.Reason reason) {
    return switch (reason) {
      case BasicReason.EXPIRED, BasicReason.NOT_YET_VALID -> VerifyReason.TIME;
      case PKIXReason.PATH_TOO_LONG -> VerifyReason.PATH_LENGTH;
      case PKIXReason.INVALID_NAME -> VerifyReason.NAME_CONSTRAINTS;
      case PKIXReason.NOT_CA_CERT, PKIXReason.INVALID_KEY_USAGE -> VerifyReason.SIGNER_PROFILE;
      case PKIXReason.UNRECOGNIZED_CRIT_EXT -> VerifyReason.CRITICAL_EXTENSION;
      default -> VerifyReason.PATH;
    };
  }

  private static X509Certificate decode(CertificateFactory factory, CertificateView view) throws GeneralSecurityException {
    return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(view.der()));
  }
}
