package dev.damselfly.authz.identity;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.identity.CertificateView.Extensions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Decides whether a certificate chain is an X509-SVID that the bundles vouch for (X509-SVID 5, identity.md 2 and 8).
///
/// Pure and total: no I/O, no clock, no state; any bytes give a verdict, the same bytes the same one. It reads the
/// chain as received, leaf first, with its own strict reader; the JDK only validates the path.
public final class X509SvidVerifier {
  /// Most certificates of a chain (B-37).
  public static final int MAX_CERTIFICATES = 5;

  /// Most bytes of a chain (B-37).
  public static final int MAX_BYTES = 64 * 1024;

  private static final int DIGITAL_SIGNATURE = 0;
  private static final int KEY_CERT_SIGN = 5;
  private static final int CRL_SIGN = 6;

  private static final Set<String> LEAF_CRITICAL =
      Set.of(Oids.SUBJECT_ALT_NAME, Oids.BASIC_CONSTRAINTS, Oids.KEY_USAGE, Oids.EXTENDED_KEY_USAGE);
  private static final Set<String> SIGNER_CRITICAL =
      Set.of(
          Oids.SUBJECT_ALT_NAME,
          Oids.BASIC_CONSTRAINTS,
          Oids.KEY_USAGE,
          Oids.EXTENDED_KEY_USAGE,
          Oids.NAME_CONSTRAINTS);

  private X509SvidVerifier() {}

  /// @param chainDer what the peer sent, leaf first; an authority of the bundle at its end is allowed
  /// @param now decides about validity periods
  public static Verdict verify(List<byte[]> chainDer, BundleSet bundles, Instant now) {
    long bytes = chainDer.stream().mapToLong(der -> der.length).sum();
    if (chainDer.isEmpty() || chainDer.size() > MAX_CERTIFICATES || bytes > MAX_BYTES) {
      return new Verdict.Refused(List.of(VerifyReason.LIMIT));
    }
    List<CertificateView> chain = new ArrayList<>();
    try {
      for (byte[] der : chainDer) {
        chain.add(CertificateView.parse(der.clone())); // what is verified cannot change under the check
      }
    } catch (InvalidValue e) {
      return new Verdict.Refused(List.of(VerifyReason.DER));
    }
    return decide(chain, bundles, now);
  }

  private static Verdict decide(List<CertificateView> chain, BundleSet bundles, Instant now) {
    var reasons = new LinkedHashSet<VerifyReason>();
    CertificateView leaf = chain.getFirst();
    checkForm(leaf, LEAF_CRITICAL, reasons);
    Optional<SpiffeId> id = identity(leaf.extensions(), reasons);
    List<CertificateView> authorities = id.map(known -> authorities(known, bundles)).orElse(List.of());
    if (id.isPresent() && authorities.isEmpty()) {
      reasons.add(VerifyReason.NO_BUNDLE);
    }
    checkLeafProfile(leaf, reasons);
    if (authorities.isEmpty()) {
      checkTime(chain, now, reasons);
      return new Verdict.Refused(List.copyOf(reasons));
    }
    SpiffeId known = id.orElseThrow();
    Anchored best = bestPath(chain, authorities, known, now);
    reasons.addAll(best.problems());
    return reasons.isEmpty()
        ? new Verdict.Accepted(known, best.notAfter(), BundleSet.fingerprint(best.path().getLast().der()))
        : new Verdict.Refused(List.copyOf(reasons));
  }

  /// Rules of every certificate, whatever its place.
  private static void checkForm(CertificateView certificate, Set<String> knownCritical, Set<VerifyReason> reasons) {
    addIf(certificate.extensions().repeated(), VerifyReason.DUPLICATE_EXTENSION, reasons);
    addIf(!knownCritical.containsAll(certificate.extensions().critical()), VerifyReason.CRITICAL_EXTENSION, reasons);
    addIf(!certificate.key().allowed(), VerifyReason.WEAK_KEY, reasons);
    addIf(!Oids.SIGNATURES.contains(certificate.signatureOid()), VerifyReason.WEAK_SIGNATURE, reasons);
  }

  private static Optional<SpiffeId> identity(Extensions leaf, Set<VerifyReason> reasons) {
    if (leaf.uris().size() != 1) {
      reasons.add(VerifyReason.URI_SAN_COUNT);
      return Optional.empty();
    }
    try {
      var id = SpiffeId.parse(leaf.uris().getFirst());
      addIf(id.path().isEmpty(), VerifyReason.ROOT_PATH, reasons);
      return Optional.of(id);
    } catch (InvalidValue e) {
      reasons.add(VerifyReason.ID_SYNTAX);
      return Optional.empty();
    }
  }

  /// Authorities of the id's own trust domain and of no other (X2). An unreadable entry vouches for nobody.
  private static List<CertificateView> authorities(SpiffeId id, BundleSet bundles) {
    return bundles.of(id.trustDomain()).orElse(List.of()).stream()
        .map(X509SvidVerifier::readable)
        .flatMap(Optional::stream)
        .toList();
  }

  private static Optional<CertificateView> readable(byte[] der) {
    try {
      return Optional.of(CertificateView.parse(der));
    } catch (InvalidValue e) {
      return Optional.empty();
    }
  }

  private static void checkLeafProfile(CertificateView leaf, Set<VerifyReason> reasons) {
    Extensions extensions = leaf.extensions();
    addIf(extensions.ca(), VerifyReason.LEAF_IS_CA, reasons);
    addIf(extensions.usage(KEY_CERT_SIGN) || extensions.usage(CRL_SIGN), VerifyReason.LEAF_SIGNS, reasons);
    if (!hasCriticalKeyUsage(extensions)) {
      reasons.add(VerifyReason.KEY_USAGE);
    } else {
      addIf(!extensions.usage(DIGITAL_SIGNATURE), VerifyReason.NO_DIGITAL_SIGNATURE, reasons);
    }
    boolean bothPurposes =
        extensions.extendedKeyUsage().map(uses -> uses.containsAll(Set.of(Oids.SERVER_AUTH, Oids.CLIENT_AUTH))).orElse(true);
    addIf(!bothPurposes, VerifyReason.EXTENDED_KEY_USAGE, reasons);
    boolean criticalNames = extensions.critical().contains(Oids.SUBJECT_ALT_NAME);
    addIf(leaf.hasEmptySubject() && !criticalNames, VerifyReason.SAN_NOT_CRITICAL, reasons);
  }

  private static boolean hasCriticalKeyUsage(Extensions extensions) {
    return extensions.keyUsage().isPresent() && extensions.critical().contains(Oids.KEY_USAGE);
  }

  /// A chain with the authority it was tried against at its end, and what is wrong with it.
  private record Anchored(List<CertificateView> path, Set<VerifyReason> problems) {
    Instant notAfter() {
      return path.stream().map(CertificateView::notAfter).min(Instant::compareTo).orElseThrow();
    }
  }

  private static Anchored bestPath(
      List<CertificateView> chain, List<CertificateView> authorities, SpiffeId id, Instant now) {
    List<CertificateView> below = withoutAuthority(chain, authorities);
    Anchored best = null;
    for (CertificateView authority : authorities) {
      if (below.getLast().isIssuedBy(authority)) {
        Anchored tried = anchor(below, authority, id, now);
        if (tried.problems().isEmpty()) {
          return tried;
        }
        best = best == null || tried.problems().size() < best.problems().size() ? tried : best;
      }
    }
    return best != null ? best : withoutAnchor(below, now);
  }

  private static Anchored withoutAnchor(List<CertificateView> below, Instant now) {
    var problems = new LinkedHashSet<VerifyReason>(Set.of(VerifyReason.PATH));
    checkTime(below, now, problems);
    return new Anchored(below, problems);
  }

  /// A peer may send the authority itself; everything from there on says nothing.
  private static List<CertificateView> withoutAuthority(List<CertificateView> chain, List<CertificateView> authorities) {
    for (int i = 1; i < chain.size(); i++) {
      byte[] der = chain.get(i).der();
      if (authorities.stream().anyMatch(authority -> Arrays.equals(authority.der(), der))) {
        return chain.subList(0, i);
      }
    }
    return chain;
  }

  private static Anchored anchor(List<CertificateView> below, CertificateView authority, SpiffeId id, Instant now) {
    var problems = new LinkedHashSet<VerifyReason>();
    List<CertificateView> path = new ArrayList<>(below);
    path.add(authority);
    PathEngine.check(below, authority, now).ifPresent(problems::add);
    for (int i = 1; i < path.size(); i++) {
      checkSigner(path, i, id, problems);
    }
    checkTime(path, now, problems);
    return new Anchored(path, problems);
  }

  private static void checkSigner(List<CertificateView> path, int index, SpiffeId id, Set<VerifyReason> problems) {
    CertificateView signer = path.get(index);
    boolean authority = index == path.size() - 1;
    Extensions extensions = signer.extensions();
    checkForm(signer, SIGNER_CRITICAL, problems);
    boolean mayIssue = extensions.ca() && extensions.usage(KEY_CERT_SIGN);
    addIf(!mayIssue || !authority && !hasCriticalKeyUsage(extensions), VerifyReason.SIGNER_PROFILE, problems);
    long between = path.subList(1, index).stream().filter(certificate -> !certificate.isSelfIssued()).count();
    addIf(extensions.maxBelow() >= 0 && between > extensions.maxBelow(), VerifyReason.PATH_LENGTH, problems);
    checkSignerId(extensions, authority, id, problems);
    checkNameConstraints(signer, authority, id, problems);
  }

  private static void checkSignerId(Extensions signer, boolean authority, SpiffeId leaf, Set<VerifyReason> problems) {
    if (signer.uris().isEmpty()) {
      return;
    }
    try {
      var id = SpiffeId.parse(signer.uris().getFirst());
      addIf(signer.uris().size() > 1 || !id.path().isEmpty(), VerifyReason.SIGNER_ID, problems);
      addIf(!authority && !id.trustDomain().equals(leaf.trustDomain()), VerifyReason.SIGNER_DOMAIN, problems);
    } catch (InvalidValue e) {
      problems.add(VerifyReason.SIGNER_ID);
    }
  }

  private static void checkNameConstraints(
      CertificateView signer, boolean authority, SpiffeId id, Set<VerifyReason> problems) {
    signer.extensions().nameConstraints().ifPresent(der -> {
      try {
        var constraints = UriConstraints.parse(der);
        boolean enforced = constraints.onlyUris() || !authority || signer.isSelfIssued(); // else no engine applies them
        addIf(!enforced || !constraints.allow(id.trustDomain()), VerifyReason.NAME_CONSTRAINTS, problems);
      } catch (InvalidValue e) {
        problems.add(VerifyReason.NAME_CONSTRAINTS);
      }
    });
  }

  private static void checkTime(List<CertificateView> path, Instant now, Set<VerifyReason> reasons) {
    addIf(!path.stream().allMatch(certificate -> certificate.isValidAt(now)), VerifyReason.TIME, reasons);
  }

  private static void addIf(boolean broken, VerifyReason reason, Set<VerifyReason> reasons) {
    if (broken) {
      reasons.add(reason);
    }
  }
}
