package dev.damselfly.authz.identity.workload;

/// An update of the Workload API that is not used; the last good state stays.
final class UpdateRefused extends Exception {
  private static final long serialVersionUID = 1L;

  /// What is wrong with it.
  enum Flaw {
    /// No SVID at all.
    EMPTY,
    /// A field that the Workload API must fill has its default value (Workload API 4.5).
    FIELD_MISSING,
    /// More SVIDs, domains, certificates or bytes than B-37 and B-39 allow.
    LIMIT,
    /// The configured identity is not among the SVIDs.
    WANTED_ABSENT,
    /// Chain, key or bundle cannot be read.
    ENCODING,
    /// The chain does not verify against the bundle sent with it.
    CHAIN,
    /// The chain proves another id than the one stated.
    ID_MISMATCH,
    /// The private key does not belong to the certificate.
    KEY_MISMATCH,
    /// The name of a federated domain is malformed, or the own one.
    DOMAIN,
    /// A bundle is empty or cannot be read.
    BUNDLE
  }

  private final Flaw flaw;

  /// @param detail more about it, without any value that was received
  UpdateRefused(Flaw flaw, String detail) {
    super(flaw + (detail.isEmpty() ? "" : ": " + detail), null, false, false);
    this.flaw = flaw;
  }

  Flaw flaw() {
    return flaw;
  }

  boolean isAboutBundles() {
    return flaw == Flaw.DOMAIN || flaw == Flaw.BUNDLE;
  }
}
